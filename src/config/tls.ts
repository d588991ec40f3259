import { resolve } from 'node:path'
import { group } from './group.ts'
import { text } from './rules.ts'

/** Files of a certificate, with those that vouch for it, and of its key. Both as PEM. */
export interface TlsConfig {
  readonly certificate: string
  readonly key: string
}

/** Undefined: the server speaks plain HTTP. */
export const tls = group({
  variables: { NIXERY_TLS_CERT: text.optional(), NIXERY_TLS_KEY: text.optional() },
  faults: ({ NIXERY_TLS_CERT: certificate, NIXERY_TLS_KEY: key }) =>
    (certificate === undefined) === (key === undefined)
      ? []
      : ['NIXERY_TLS_CERT and NIXERY_TLS_KEY are set together, or not at all'],
  value: ({ NIXERY_TLS_CERT: certificate, NIXERY_TLS_KEY: key }): TlsConfig | undefined =>
    certificate === undefined || key === undefined
      ? undefined
      : { certificate: resolve(certificate), key: resolve(key) },
})

import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'
import { group } from './group.ts'
import { integer, list, text, yesOrNo } from './rules.ts'

/** Where the server listens. */
export interface Listen {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Port for metrics and the details of checks. Undefined: they are on the same port as the registry. */
  readonly metricsPort: number | undefined
  /** Addresses and networks of proxies whose `X-Forwarded-*` headers count. */
  readonly trustedProxies: readonly string[]
  /** Requests that an address may send in a minute. Undefined: any number. */
  readonly requestsPerMinute: number | undefined
  /** Whether the log has a line for each manifest that is answered. */
  readonly auditPulls: boolean
}

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8` */
function isNetwork(value: string): boolean {
  const [address = '', bits, more] = value.split('/')
  const version = isIP(address)
  if (version === 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

export const listen = group({
  variables: {
    PORT: integer(0, 65_535).default(8080),
    NIXERY_HOST: text.default('0.0.0.0'),
    NIXERY_METRICS_PORT: integer(0, 65_535).optional(),
    NIXERY_TRUSTED_PROXIES: list
      .refine((all) => all.every(isNetwork), 'must be a list of addresses and networks such as 10.0.0.0/8')
      .default([]),
    NIXERY_CLIENT_REQUESTS: integer(1, 1_000_000).optional(),
    NIXERY_AUDIT_PULLS: yesOrNo.default(false),
  },
  value: (variables): Listen => ({
    host: variables.NIXERY_HOST,
    port: variables.PORT,
    metricsPort: variables.NIXERY_METRICS_PORT,
    trustedProxies: variables.NIXERY_TRUSTED_PROXIES,
    requestsPerMinute: variables.NIXERY_CLIENT_REQUESTS,
    auditPulls: variables.NIXERY_AUDIT_PULLS,
  }),
})

export const stateDir = group({
  variables: { NIXERY_STATE_DIR: text.default('./var/state') },
  value: ({ NIXERY_STATE_DIR: path }) => resolve(path),
})

export const stopTimeout = group({
  variables: { NIXERY_STOP_TIMEOUT: integer(0, 3600).default(30) },
  value: ({ NIXERY_STOP_TIMEOUT: seconds }) => seconds,
})

export const logLevel = group({
  variables: {
    NIXERY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  },
  value: ({ NIXERY_LOG_LEVEL: level }) => level,
})

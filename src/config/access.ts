import { resolve } from 'node:path'
import { group } from './group.ts'
import { text, url } from './rules.ts'

/** Who may pull what. */
export interface AccessConfig {
  /** The access file. Undefined: everybody may pull everything. */
  readonly file: string | undefined
  /** File of keys that sign tokens. Undefined: the servers make keys and keep them in the storage. */
  readonly keyFile: string | undefined
  /** The address that clients know the registry by, without a slash at its end. */
  readonly publicUrl: string | undefined
}

export const access = group({
  variables: {
    NIXERY_ACCESS: text.optional(),
    NIXERY_TOKEN_KEYS: text.optional(),
    NIXERY_PUBLIC_URL: url
      .refine((value) => /^https?:\/\/[^/?#]+\/?$/.test(value), 'must be a URL without a path')
      .optional(),
  },
  faults: ({ NIXERY_ACCESS: file, NIXERY_TOKEN_KEYS: keys }) =>
    keys !== undefined && file === undefined
      ? ['NIXERY_TOKEN_KEYS is set without NIXERY_ACCESS: there are no tokens to sign']
      : [],
  value: ({ NIXERY_ACCESS: file, NIXERY_TOKEN_KEYS: keys, NIXERY_PUBLIC_URL: address }): AccessConfig => ({
    file: file === undefined ? undefined : resolve(file),
    keyFile: keys === undefined ? undefined : resolve(keys),
    publicUrl: address?.replace(/\/$/, ''),
  }),
})

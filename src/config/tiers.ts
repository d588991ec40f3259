import { resolve } from 'node:path'
import { group } from './group.ts'
import { bytes, text } from './rules.ts'

/** Where copies of what is in a bucket are kept. Sizes in bytes. */
export interface Tiers {
  readonly folder: string
  /** Of the copies in the folder. */
  readonly size: number
  /** Of the copies in memory. */
  readonly memory: number
}

export const tiers = group({
  variables: {
    NIXERY_CACHE_PATH: text.optional(),
    NIXERY_CACHE_SIZE: bytes.prefault('10G'),
    NIXERY_CACHE_MEMORY: bytes.prefault('64M'),
  },
  value: (variables): Tiers | undefined => {
    const { NIXERY_CACHE_PATH: path, NIXERY_CACHE_SIZE: size, NIXERY_CACHE_MEMORY: memory } = variables
    return path === undefined ? undefined : { folder: resolve(path), size, memory }
  },
})

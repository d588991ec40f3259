import { bytes, text } from './rules.ts'

/** Variables that say where copies of what is in a bucket are kept, and how much of it. */
export const tierVariables = {
  NIXERY_CACHE_PATH: text.optional(),
  NIXERY_CACHE_SIZE: bytes.prefault('10G'),
  NIXERY_CACHE_MEMORY: bytes.prefault('64M'),
} as const

import { z } from 'zod'
import { bytes, duration } from './rules.ts'

const week = 7 * 24 * 3600

/** Variables that say what the collector keeps, and when it runs. */
export const collectionVariables = {
  NIXERY_GC_INTERVAL: duration(1).optional(),
  NIXERY_GC_KEEP: duration(0).optional(),
  NIXERY_GC_SIZE: bytes.optional(),
  NIXERY_GC_GRACE: duration(1, week).default(3600),
  NIXERY_STORE_GC: z
    .string()
    .regex(/^[1-9]\d?%?$/, 'must be a percentage from 1 to 99')
    .transform((value) => Number.parseInt(value, 10))
    .optional(),
} as const

const group = z.object(collectionVariables)

/** What the collector keeps: images by the seconds since their last pull, and by bytes of all; anything for the grace. */
export interface RetentionConfig {
  readonly keep?: number
  readonly size?: number
  readonly grace: number
}

export function retentionOf(variables: z.infer<typeof group>): RetentionConfig {
  const { NIXERY_GC_KEEP: keep, NIXERY_GC_SIZE: size, NIXERY_GC_GRACE: grace } = variables
  return { grace, ...(keep === undefined ? {} : { keep }), ...(size === undefined ? {} : { size }) }
}

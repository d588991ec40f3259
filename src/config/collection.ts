import type { Retention } from '../gc/policy.ts'
import { group } from './group.ts'
import { bytes, duration, week } from './rules.ts'

/** What the collector keeps, and when it runs. */
export interface Collection {
  /** Seconds from one collection to the next. Undefined: the server does not collect by itself. */
  readonly interval: number | undefined
  readonly retention: Retention
}

export const collection = group({
  variables: {
    NIXERY_GC_INTERVAL: duration(1).optional(),
    NIXERY_GC_KEEP: duration(0).optional(),
    NIXERY_GC_SIZE: bytes.optional(),
    NIXERY_GC_GRACE: duration(1, week).default(3600),
  },
  value: (variables): Collection => ({
    interval: variables.NIXERY_GC_INTERVAL,
    retention: {
      keep: variables.NIXERY_GC_KEEP,
      size: variables.NIXERY_GC_SIZE,
      grace: variables.NIXERY_GC_GRACE,
    },
  }),
})

import { z } from 'zod'
import type { Digest } from '../oci/digest.ts'
import { digestSchema } from '../oci/parse.ts'

/** Folder of what servers say they serve: `pulls/<server>/<number>`. */
export const pullFolder = 'pulls'

/** What a server serves. A record never changes: its age, by the storage's own clock, says how long it holds. */
export interface PullRecord {
  /** Seconds, from when the record was put, in which nothing that it names may be deleted. */
  readonly holds: number
  /** When each was last asked for, in milliseconds since 1970. */
  readonly manifests: readonly (readonly [Digest, number])[]
  /** Asked for by themselves. */
  readonly blobs: readonly Digest[]
}

export const pullRecordSchema: z.ZodType<PullRecord> = z.object({
  holds: z.number().nonnegative(),
  manifests: z.array(z.tuple([digestSchema, z.number()])),
  blobs: z.array(digestSchema),
})

import { z } from 'zod'
import { isDigest, toDigest } from '../oci/digest.ts'

/** Folder of what servers say they serve: `pulls/<server>/<number>`. */
export const pullFolder = 'pulls'

const digest = z.string().refine(isDigest).transform(toDigest)

/**
 * What a server serves. A record never changes: its age, by the storage's own clock, says how long it holds.
 * `manifests` and when they were last asked for, in milliseconds since 1970; `blobs` that were asked for by themselves.
 */
export const pullRecordSchema = z.object({
  /** Seconds, from when the record was put, in which nothing that it names may be deleted. */
  holds: z.number().nonnegative(),
  manifests: z.array(z.tuple([digest, z.number()])),
  blobs: z.array(digest),
})

export type PullRecord = z.infer<typeof pullRecordSchema>

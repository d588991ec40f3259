import { z } from 'zod'
import type { CodecName } from '../../src/archive/codec/codec.ts'
import type { PathInfo } from '../../src/store/pathInfo.ts'

/** Layers to make, told to a process of its own. */
export interface PackingJob {
  readonly layers: readonly (readonly PathInfo[])[]
  /** Where the store paths lie. */
  readonly store: string
  /** A folder for blobs and records. */
  readonly storage: string
  readonly codec: CodecName
  readonly segments: string
  readonly threads: number
}

export const packed = z.object({
  /** Seconds. */
  wall: z.number(),
  cpu: z.number(),
  /** Of the blobs. */
  bytes: z.number(),
  /** Largest the process ever was, and what it was before it had anything to do (bytes). */
  peak: z.number(),
  idle: z.number(),
  /** Milliseconds: how late the main thread was, and the longest that it computed without looking up. */
  main: z.object({ p99: z.number(), late: z.number(), busy: z.number() }),
})

/** What came of it. */
export type Packed = z.infer<typeof packed>

import type { Digest } from '../oci/digest.ts'
import type { CodecChoice } from './codec.ts'
import type { LayerContent, StorePathContent } from './packer.ts'

/** What all jobs of a thread have in common: it is told once, when the thread starts. */
export interface ThreadData {
  readonly codec: CodecChoice
  /** Where the store paths lie. */
  readonly storeDirectory: string
  /** Folder of the segment cache, where there is one. */
  readonly cacheFolder: string | undefined
}

/** One part of one segment. */
export interface Part {
  readonly content: StorePathContent
  readonly key: string
  readonly index: number
  /** Uncompressed bytes of the whole segment. */
  readonly segmentSize: number
}

/** What a thread is told to do; it has one job at a time. */
export type Job =
  /** What has to be compressed, before these store paths can be joined? */
  | { readonly kind: 'survey'; readonly storePaths: readonly StorePathContent[] }
  /** Compress a part into the cache. */
  | { readonly kind: 'cut'; readonly part: Part }
  /** Send the blob of a layer, a chunk each time the gate lets one through. */
  | { readonly kind: 'join'; readonly content: LayerContent; readonly gate: SharedArrayBuffer }
  /** Keep the cache within its limit (bytes). */
  | { readonly kind: 'sweep'; readonly limit: number }

/** What comes of a job, by its kind. `written`: bytes that are new in the cache. `fault`: why it could not be written. */
export interface Results {
  readonly survey: { readonly absent: readonly Part[] }
  readonly cut: { readonly written: number; readonly fault: string | undefined }
  readonly join: { readonly diffID: Digest; readonly written: number; readonly fault: string | undefined }
  /** Bytes in the cache. */
  readonly sweep: { readonly total: number }
}

/** What a thread answers: chunks, then one of the others as its last word on the job. */
export type Answer<Kind extends Job['kind']> =
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'done'; readonly result: Results[Kind] }
  | {
      readonly kind: 'failed'
      readonly message: string
      readonly cause: unknown
      /** The store path that is missing, where that is the reason. */
      readonly missing: string | undefined
    }
  | { readonly kind: 'dismissed' }

import type { Digest } from '../../oci/digest.ts'
import type { CodecChoice } from '../codec/codec.ts'
import type { Added } from '../segments/additions.ts'
import type { Delegated } from '../segments/encode.ts'
import type { LayerContent } from '../packer.ts'

/** What all jobs of a thread have in common: it is told once, when the thread starts. */
export interface ThreadData {
  readonly codec: CodecChoice
  /** Where the store paths lie. */
  readonly storeDirectory: string
  /** Folder of the segment cache, where there is one. */
  readonly cacheFolder: string | undefined
  /** How many threads may be claimed: see `IdleCount`. */
  readonly idle: SharedArrayBuffer
}

/** What a thread is told to do; it has one job at a time. */
export type Job =
  /**
   * Send the blob of a layer: a member each time the gate lets one through, and beside these, as the other
   * gate does, members that a claimed thread shall compress. `mayKeep`: the segment cache may be written.
   */
  | {
      readonly kind: 'join'
      readonly content: LayerContent
      readonly gate: SharedArrayBuffer
      readonly delegationGate: SharedArrayBuffer
      readonly mayKeep: boolean
    }
  /** Compress a member for another thread. */
  | { readonly kind: 'encode'; readonly member: Delegated }
  /** Keep the cache within its limit (bytes). */
  | { readonly kind: 'sweep'; readonly limit: number }

/** What comes of a job, by its kind. */
export interface Results {
  readonly join: Added & { readonly diffID: Digest }
  readonly encode: Added & { readonly member: Uint8Array<ArrayBuffer> }
  /** Bytes in the cache. */
  readonly sweep: { readonly total: number }
}

/** Members of a blob, in their order, as they are or still to be compressed. */
export type Sent =
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'delegated'; readonly member: Delegated }

/** What a thread answers: what it sends, then one of the others as its last word on the job. */
export type Answer<Kind extends Job['kind']> =
  | Sent
  | { readonly kind: 'done'; readonly result: Results[Kind] }
  | {
      readonly kind: 'failed'
      readonly message: string
      readonly cause: unknown
      /** The store path that is missing, where that is the reason. */
      readonly missing: string | undefined
    }
  | { readonly kind: 'dismissed' }

import type { Digest } from '../oci/digest.ts'
import type { CodecName } from './codec.ts'
import type { LayerContent } from './packer.ts'

/** What a thread is told to do; it has one job at a time. */
export interface PackJob {
  readonly content: LayerContent
  readonly codec: CodecName
  readonly storeDirectory: string
  /** Of the gate that it passes before it sends a chunk. */
  readonly gate: SharedArrayBuffer
}

/** What a thread answers: chunks, then one of the others as its last word on the job. */
export type PackAnswer =
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'done'; readonly diffID: Digest }
  | { readonly kind: 'failed'; readonly message: string; readonly cause: unknown }
  | { readonly kind: 'dismissed' }

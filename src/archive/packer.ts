import type { Writable } from 'node:stream'
import type { Digest } from '../oci/digest.ts'
import type { Entry } from '../oci/entry.ts'
import type { PathInfo } from '../store/pathInfo.ts'

/** A store path and what it consists of, as the store has it registered. */
export type StorePathContent = Pick<PathInfo, 'path' | 'narHash' | 'narSize'>

/**
 * What goes into one layer: whole store paths, or entries of the server's own, parents before what is in
 * them.
 */
export type LayerContent =
  | { readonly kind: 'storePaths'; readonly storePaths: readonly StorePathContent[] }
  | { readonly kind: 'entries'; readonly entries: readonly Entry[] }

/** Tars and compresses layers off the main thread. One content, one sequence of bytes. */
export interface Packer {
  /** Media type of the blobs it makes. */
  readonly mediaType: string
  /** Codec, level and the compressor's version: all that the bytes depend on beside the content. */
  readonly codec: string
  /**
   * Writes the blob to the sink, which it does not end, no faster than the sink takes it. Answers the digest
   * of the uncompressed tar when the sink has taken all. Nothing is written after it has rejected. Of a sink
   * with a property `forgetsChunks: true`, which uses no chunk after its callback, the memory of each chunk
   * is taken back then.
   * @throws StorePathMissing when neither the store nor the segment cache has a store path; PackingFailed;
   * Stopping after `close`; TypeError for entries that make no tree; the sink's own error, or the signal's
   * reason, as they are
   */
  pack(content: LayerContent, sink: Writable, signal: AbortSignal): Promise<Digest>
  /** Ends the worker threads, and with them the jobs that they have. */
  close(): Promise<void>
}

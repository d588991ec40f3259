import type { Readable } from 'node:stream'
import { isDigest, type Digest } from '../../oci/digest.ts'
import type { StoredObject } from '../interfaces.ts'

/** What a bucket tells about an object, without its content. */
export interface ObjectState {
  /** In bytes. */
  readonly size: number
  /** Differs if the content differs. */
  readonly version: string
  /** Digest of the content when it was put. Undefined if it is not known or if the size has changed since. */
  readonly digest: Digest | undefined
}

/** A complete blob in a local file, ready to be put into the bucket. */
export interface SpooledBlob {
  readonly path: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
}

/** Bytes `start` to `end`, both included. */
export interface Bounds {
  readonly start: number
  readonly end: number
}

/**
 * The few operations that an object store must have. Keys are those of our layout. An object appears whole or
 * not at all. Transfers are checked and repeated if they fail. All methods throw StorageFailed.
 */
export interface Bucket {
  state(key: string): Promise<ObjectState | undefined>
  /** Undefined if there is no such object. Later errors come out of the stream as the store's own errors. */
  read(key: string, bounds?: Bounds): Promise<Readable | undefined>
  put(key: string, content: Buffer, contentType: string): Promise<void>
  /**
   * Like `put`, unless there is an object of that key. @returns whether there was none, also false if the
   * object is our own and only the answer was lost
   */
  putNew(key: string, content: Buffer, contentType: string): Promise<boolean>
  /** Puts a blob under its key, with the metadata that `state` reads. */
  putBlob(file: SpooledBlob): Promise<void>
  list(folder: string): AsyncIterable<StoredObject>
  delete(key: string): Promise<void>
}

/** Content type of blobs, for clients that download them from the bucket. */
export const blobType = 'application/octet-stream'

/** The metadata of a blob: what it was when it was put. */
export function metadataOf({ digest, size }: Pick<SpooledBlob, 'digest' | 'size'>): {
  readonly digest: string
  readonly size: string
} {
  return { digest, size: String(size) }
}

/** The digest in an object's metadata, unless the object has another size by now. */
export function digestInMetadata(
  metadata: Readonly<Record<string, unknown>> | undefined,
  size: number,
): Digest | undefined {
  const digest = String(metadata?.['digest'])
  return isDigest(digest) && metadata?.['size'] === String(size) ? digest : undefined
}

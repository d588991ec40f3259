import type { Readable } from 'node:stream'
import { isDigest, type Digest } from '../../oci/digest.ts'
import type { StoredObject } from '../interfaces.ts'

/** What a bucket says of an object without its content. */
export interface ObjectState {
  /** In bytes. */
  readonly size: number
  /** Another one for other content. */
  readonly version: string
  /** What the content hashed to when it was put, if that is known and the size is still that of then. */
  readonly digest: Digest | undefined
}

/** A file that waits to be put as the blob that it is. */
export interface BlobFile {
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
 * The few things that a store of objects must do, by keys of our layout. Objects appear whole or not at all, transfers
 * are checked and tried again. All methods throw StorageFailed.
 */
export interface Bucket {
  state(key: string): Promise<ObjectState | undefined>
  /** Undefined when it is not there. What goes wrong later comes out of the stream, in the store's own words. */
  read(key: string, bounds?: Bounds): Promise<Readable | undefined>
  put(key: string, content: Buffer, contentType: string): Promise<void>
  /** Puts a blob under its key, and notes what `state` then tells of it. */
  putBlob(file: BlobFile): Promise<void>
  list(folder: string): AsyncIterable<StoredObject>
  delete(key: string): Promise<void>
}

/** What blobs are to those who fetch them from the bucket. */
export const blobType = 'application/octet-stream'

/** The note on an object that says what it was when it was put. */
export function noteOf({ digest, size }: Pick<BlobFile, 'digest' | 'size'>): {
  readonly digest: string
  readonly size: string
} {
  return { digest, size: String(size) }
}

/** The digest in a note, unless the object has another size by now. */
export function notedDigest(
  note: Readonly<Record<string, unknown>> | undefined,
  size: number,
): Digest | undefined {
  const digest = String(note?.['digest'])
  return isDigest(digest) && note?.['size'] === String(size) ? digest : undefined
}

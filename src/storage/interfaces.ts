import type { Readable, Writable } from 'node:stream'
import type { Digest } from '../oci/digest.ts'

/** Bytes `start` to `end`, both included, counted from 0; without `end` up to the last byte. */
export interface ByteRange {
  readonly start: number
  readonly end?: number
}

/** What a put stored. `size` in bytes. */
export interface StoredBlob {
  readonly digest: Digest
  readonly size: number
}

/** Content-addressed bytes. A blob is visible only when whole, and never changes. */
export interface BlobStore {
  /** Size of a blob that is there and sound, or undefined. @throws StorageFailed */
  stat(digest: Digest): Promise<{ readonly size: number } | undefined>
  /** @throws BlobUnknown when it is not there or does not verify; StorageFailed */
  open(digest: Digest, range?: ByteRange): Promise<Readable>
  /** Stores what `write` writes. Nothing is left when `write` rejects, and its error is thrown on. @throws StorageFailed */
  put(write: (sink: Writable) => Promise<void>): Promise<StoredBlob>
}

/** Small JSON values by key, such as `manifests/<hex>`: written whole, read back checked; a damaged one is a miss. */
export interface RecordStore {
  /** @throws StorageFailed */
  get(key: string): Promise<unknown>
  /** @throws StorageFailed */
  put(key: string, value: unknown): Promise<void>
}

/** Says which records there are. */
export interface ListsRecords {
  /** Keys below a folder such as `repositories` or `repositories/git`, in no order. @throws StorageFailed */
  list(folder: string): AsyncIterable<string>
}

/** One thing that a storage keeps: a blob (`layers/<hex>`) or a record (its key). */
export interface StoredObject {
  readonly key: string
  /** Bytes as they are kept. */
  readonly size: number
  /** When it was last put, in milliseconds since 1970 by the storage's own clock. */
  readonly modified: number
}

/** What a storage takes up, thing by thing, for who tidies it. */
export interface Prunable {
  /**
   * Everything below a folder such as `layers` or `manifests`, in no order. What is put or deleted meanwhile may be
   * in it or not. @throws StorageFailed
   */
  list(folder: string): AsyncIterable<StoredObject>
  /**
   * Removes a blob or a record; one that is not there is no error. Who has it open reads on to its end where the
   * storage can do that (files can). @throws StorageFailed
   */
  delete(key: string): Promise<void>
}

/** Lets clients download blobs from where they lie. What only some storages can do. */
export interface SignsUrls {
  /**
   * Where anybody can read the blob for a while, or undefined when no link can be made for it. Whether the blob is there
   * is not looked up: `stat` it first. @throws StorageFailed
   */
  url(digest: Digest): Promise<URL | undefined>
}

/** A blob's file, open. It stays what it was while the blob is deleted or put anew. */
export interface BlobFile {
  /** Fills the buffer from a position on. @throws StorageFailed, also where the file has not so many bytes any more */
  read(buffer: Uint8Array, position: number): Promise<void>
  close(): Promise<void>
}

/** Lets who sends many blobs read them into buffers of its own. What only storages in folders can do. */
export interface OpensFiles {
  /** To be closed by who opened it. Undefined when no such file is here: the blob may be to `open` even so. @throws StorageFailed */
  file(digest: Digest): Promise<BlobFile | undefined>
}

export interface Storage {
  readonly blobs: BlobStore
  readonly records: RecordStore & ListsRecords
  /** Blobs and records alike, by key. */
  readonly objects: Prunable
  readonly urls?: SignsUrls | undefined
  readonly files?: OpensFiles | undefined
}

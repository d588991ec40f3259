import type { Readable, Writable } from 'node:stream'
import type { Digest } from '../oci/digest.ts'

/** Bytes `start` to `end`, both included, counted from 0; without `end` up to the last byte. */
export interface ByteRange {
  readonly start: number
  readonly end?: number
}

/** What was stored. `size` in bytes. */
export interface StoredBlob {
  readonly digest: Digest
  readonly size: number
}

/** Content-addressed bytes. A blob is visible only when it is complete, and never changes. */
export interface BlobStore {
  /** Size of a blob that exists and matches its digest, or undefined. @throws StorageFailed */
  stat(digest: Digest): Promise<{ readonly size: number } | undefined>
  /** @throws BlobUnknown if it does not exist or does not match its digest; StorageFailed */
  open(digest: Digest, range?: ByteRange): Promise<Readable>
  /**
   * Stores what `write` writes. If `write` rejects, nothing is stored and its error is thrown. @throws
   * StorageFailed
   */
  put(write: (sink: Writable) => Promise<void>): Promise<StoredBlob>
}

/**
 * Small JSON values by key. They are written completely and checked when they are read: a damaged one is a
 * miss.
 */
export interface RecordStore {
  /** @throws StorageFailed */
  get(key: string): Promise<unknown>
  /** @throws StorageFailed */
  put(key: string, value: unknown): Promise<void>
}

/** Puts records that must not replace others. */
export interface CreatesRecords {
  /**
   * Puts a record unless its key has another one already, and decides that in one step: of several callers at
   * once, one wins. A record that is damaged is there, too.
   * @returns whether the key has this value now @throws StorageFailed
   */
  create(key: string, value: unknown): Promise<boolean>
}

/** Lists records. */
export interface ListsRecords {
  /** Keys below a folder, in no order. @throws StorageFailed */
  list(folder: string): AsyncIterable<string>
}

/** One object of a storage: a blob or a record, by its key. */
export interface StoredObject {
  readonly key: string
  /** Bytes as they are stored. */
  readonly size: number
  /** When it was last put, in milliseconds since 1970 by the storage's own clock. */
  readonly modified: number
}

/** Lists and deletes everything in a storage, for the collector. */
export interface Prunable {
  /**
   * Everything below a folder, in no order. What is put or deleted meanwhile may be listed or not. @throws
   * StorageFailed
   */
  list(folder: string): AsyncIterable<StoredObject>
  /**
   * Removes a blob or a record. It is no error if it does not exist. Open readers can finish if the storage
   * allows it (files do). @throws StorageFailed
   */
  delete(key: string): Promise<void>
}

/** Lets clients download blobs from the storage itself. Only some storages can do that. */
export interface SignsUrls {
  /**
   * An address where anybody can read the blob for a while, or undefined if no link can be made. Does not
   * check that the blob exists: `stat` it first. @throws StorageFailed
   */
  url(digest: Digest): Promise<URL | undefined>
}

/** An open file of a blob. It does not change while the blob is deleted or put again. */
export interface BlobFile {
  /**
   * Fills the buffer with the bytes from a position on. @throws StorageFailed, also if the file has become
   * too short
   */
  read(buffer: Uint8Array, position: number): Promise<void>
  close(): Promise<void>
}

/** Lets a server read blobs into its own buffers. Only storages in folders can do that. */
export interface OpensFiles {
  /**
   * The caller closes it. Undefined if there is no such file here; `open` may still find the blob. @throws
   * StorageFailed
   */
  file(digest: Digest): Promise<BlobFile | undefined>
}

export interface Storage {
  readonly blobs: BlobStore
  readonly records: RecordStore & CreatesRecords & ListsRecords
  /** Blobs and records alike, by key. */
  readonly objects: Prunable
  readonly urls?: SignsUrls | undefined
  readonly files?: OpensFiles | undefined
}

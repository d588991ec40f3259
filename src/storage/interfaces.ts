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

export interface Storage {
  readonly blobs: BlobStore
  readonly records: RecordStore & ListsRecords
}

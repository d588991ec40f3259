import { Readable, Writable } from 'node:stream'
import { BlobUnknown } from '../errors.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { seal, unseal } from './envelope.ts'
import type { BlobStore, ByteRange, ListsRecords, RecordStore, Storage, StoredBlob } from './interfaces.ts'
import { checkFolder, checkKey } from './key.ts'
import { boundsOf } from './range.ts'

/** Storage for tests: the same contract, gone with the process. */
export function createMemoryStorage(): Storage {
  return { blobs: new MemoryBlobs(), records: new MemoryRecords() }
}

class MemoryBlobs implements BlobStore {
  readonly #blobs = new Map<Digest, Buffer>()

  async stat(digest: Digest): Promise<{ readonly size: number } | undefined> {
    const bytes = this.#blobs.get(digest)
    return bytes && { size: bytes.length }
  }

  async open(digest: Digest, range?: ByteRange): Promise<Readable> {
    const bytes = this.#blobs.get(digest)
    if (!bytes) throw new BlobUnknown(digest)
    const { start, end } = boundsOf(range, bytes.length)
    return Readable.from([bytes.subarray(start, end + 1)], { objectMode: false })
  }

  async put(write: (sink: Writable) => Promise<void>): Promise<StoredBlob> {
    const chunks: Buffer[] = []
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(Buffer.from(chunk))
        done()
      },
    })
    await write(sink)
    const bytes = Buffer.concat(chunks)
    const digest = digestOf(bytes)
    this.#blobs.set(digest, bytes)
    return { digest, size: bytes.length }
  }
}

class MemoryRecords implements RecordStore, ListsRecords {
  readonly #records = new Map<string, Buffer>()

  async get(key: string): Promise<unknown> {
    checkKey(key)
    const bytes = this.#records.get(key)
    return bytes && unseal(bytes)
  }

  async put(key: string, value: unknown): Promise<void> {
    checkKey(key)
    this.#records.set(key, seal(value))
  }

  async *list(folder: string): AsyncIterable<string> {
    checkFolder(folder)
    for (const key of this.#records.keys()) if (key.startsWith(`${folder}/`)) yield key
  }
}

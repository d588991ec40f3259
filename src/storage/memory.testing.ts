import { Readable, Writable } from 'node:stream'
import { BlobUnknown } from '../errors.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { seal, unseal } from './envelope.ts'
import type {
  BlobStore,
  ByteRange,
  CreatesRecords,
  ListsRecords,
  Prunable,
  RecordStore,
  Storage,
  StoredBlob,
  StoredObject,
} from './interfaces.ts'
import { checkFolder, checkKey } from './key.ts'
import { blobKey } from './layout.ts'
import { boundsOf } from './range.ts'

/** Storage for tests: the same contract, gone with the process. */
export function createMemoryStorage(): Storage {
  const objects = new MemoryObjects()
  return { blobs: new MemoryBlobs(objects), records: new MemoryRecords(objects), objects }
}

class MemoryObjects implements Prunable {
  readonly #objects = new Map<string, { readonly bytes: Buffer; readonly modified: number }>()

  get(key: string): Buffer | undefined {
    return this.#objects.get(key)?.bytes
  }

  set(key: string, bytes: Buffer): void {
    this.#objects.set(key, { bytes, modified: Date.now() })
  }

  async *list(folder: string): AsyncIterable<StoredObject> {
    checkFolder(folder)
    for (const [key, { bytes, modified }] of this.#objects) {
      if (key.startsWith(`${folder}/`)) yield { key, size: bytes.length, modified }
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key)
    this.#objects.delete(key)
  }
}

class MemoryBlobs implements BlobStore {
  readonly #objects: MemoryObjects

  constructor(objects: MemoryObjects) {
    this.#objects = objects
  }

  async stat(digest: Digest): Promise<{ readonly size: number } | undefined> {
    const bytes = this.#objects.get(blobKey(digest))
    return bytes && { size: bytes.length }
  }

  async open(digest: Digest, range?: ByteRange): Promise<Readable> {
    const bytes = this.#objects.get(blobKey(digest))
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
    this.#objects.set(blobKey(digest), bytes)
    return { digest, size: bytes.length }
  }
}

class MemoryRecords implements RecordStore, CreatesRecords, ListsRecords {
  readonly #objects: MemoryObjects

  constructor(objects: MemoryObjects) {
    this.#objects = objects
  }

  async get(key: string): Promise<unknown> {
    checkKey(key)
    const bytes = this.#objects.get(key)
    return bytes && unseal(bytes)
  }

  async put(key: string, value: unknown): Promise<void> {
    checkKey(key)
    this.#objects.set(key, seal(value))
  }

  async create(key: string, value: unknown): Promise<boolean> {
    checkKey(key)
    const there = this.#objects.get(key)
    if (there) return there.equals(seal(value))
    this.#objects.set(key, seal(value))
    return true
  }

  async *list(folder: string): AsyncIterable<string> {
    for await (const { key } of this.#objects.list(folder)) yield key
  }
}

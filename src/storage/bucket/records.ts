import { buffer } from 'node:stream/consumers'
import { StorageFailed } from '../../errors.ts'
import { seal, unseal } from '../envelope.ts'
import type { CreatesRecords, ListsRecords, RecordStore } from '../interfaces.ts'
import { checkFolder, checkKey } from '../key.ts'
import type { Bucket } from './bucket.ts'

/** A line with a checksum, then JSON. */
const recordType = 'text/plain; charset=utf-8'

/** Records as objects named by their key. */
export class BucketRecords implements RecordStore, CreatesRecords, ListsRecords {
  readonly #bucket: Bucket

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  async get(key: string): Promise<unknown> {
    checkKey(key)
    const bytes = await this.#read(key)
    return bytes && unseal(bytes)
  }

  async put(key: string, value: unknown): Promise<void> {
    checkKey(key)
    await this.#bucket.put(key, seal(value), recordType)
  }

  async create(key: string, value: unknown): Promise<boolean> {
    checkKey(key)
    const bytes = seal(value)
    if (await this.#bucket.putNew(key, bytes, recordType)) return true
    return (await this.#read(key))?.equals(bytes) === true
  }

  async *list(folder: string): AsyncIterable<string> {
    checkFolder(folder)
    for await (const { key } of this.#bucket.list(folder)) yield key
  }

  async #read(key: string): Promise<Buffer | undefined> {
    const stream = await this.#bucket.read(key)
    if (!stream) return undefined
    return buffer(stream).catch((cause: unknown) => {
      throw new StorageFailed(`the storage does not work: reading ${key} broke off`, { cause })
    })
  }
}

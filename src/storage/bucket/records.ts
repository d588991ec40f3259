import { buffer } from 'node:stream/consumers'
import { StorageFailed } from '../../errors.ts'
import { seal, unseal } from '../envelope.ts'
import type { ListsRecords, RecordStore } from '../interfaces.ts'
import { checkFolder, checkKey } from '../key.ts'
import type { Bucket } from './bucket.ts'

/** A line with a checksum, then JSON. */
const recordType = 'text/plain; charset=utf-8'

/** Records as objects named by their key. */
export class BucketRecords implements RecordStore, ListsRecords {
  readonly #bucket: Bucket

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  async get(key: string): Promise<unknown> {
    checkKey(key)
    const stream = await this.#bucket.read(key)
    if (!stream) return undefined
    const bytes = await buffer(stream).catch((cause: unknown) => {
      throw new StorageFailed(`the storage does not work: reading ${key} broke off`, { cause })
    })
    return unseal(bytes)
  }

  async put(key: string, value: unknown): Promise<void> {
    checkKey(key)
    await this.#bucket.put(key, seal(value), recordType)
  }

  async *list(folder: string): AsyncIterable<string> {
    checkFolder(folder)
    for await (const { key } of this.#bucket.list(folder)) yield key
  }
}

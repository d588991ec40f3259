import type { Prunable, StoredObject } from '../interfaces.ts'
import { checkFolder, checkKey } from '../key.ts'
import type { Bucket } from './bucket.ts'

/** Blobs and records as the objects that they are. */
export class BucketObjects implements Prunable {
  readonly #bucket: Bucket

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  async *list(folder: string): AsyncIterable<StoredObject> {
    checkFolder(folder)
    yield* this.#bucket.list(folder)
  }

  async delete(key: string): Promise<void> {
    checkKey(key)
    await this.#bucket.delete(key)
  }
}

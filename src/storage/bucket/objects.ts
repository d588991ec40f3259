import type { Prunable, StoredObject } from '../interfaces.ts'
import { checkFolder, checkKey } from '../key.ts'
import type { Bucket } from './bucket.ts'

/** All objects of the bucket, blobs and records alike. */
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

import { StorageFailed } from '../../errors.ts'
import type { Storage } from '../interfaces.ts'

export interface GuardOptions {
  /**
   * Longest time for an answer, in milliseconds. Once the content of a blob flows, it may take as long as it
   * needs.
   */
  readonly patience: number
  /**
   * Milliseconds after a fault in which the bucket is not asked: callers wait once for a bucket that is down,
   * not each time.
   */
  readonly pause: number
}

/** A storage that answers or fails (`StorageFailed`) within a fixed time. */
export class GuardedStorage implements Storage {
  readonly blobs: Storage['blobs']
  readonly records: Storage['records']
  readonly objects: Storage['objects']
  readonly #options: GuardOptions
  #failed: { readonly at: number; readonly error: StorageFailed } | undefined

  constructor(storage: Storage, options: GuardOptions) {
    const { blobs, records, objects } = storage
    this.#options = options
    const ask = <T>(work: () => Promise<T>) => this.#ask(work, options.patience)
    this.blobs = {
      stat: (digest) => ask(() => blobs.stat(digest)),
      open: (digest, range) => ask(() => blobs.open(digest, range)),
      put: (write) => this.#ask(() => blobs.put(write), Infinity),
    }
    this.records = {
      get: (key) => ask(() => records.get(key)),
      put: (key, value) => ask(() => records.put(key, value)),
      create: (key, value) => ask(() => records.create(key, value)),
      list: (folder) => this.#list(() => records.list(folder)),
    }
    this.objects = {
      list: (folder) => this.#list(() => objects.list(folder)),
      delete: (key) => ask(() => objects.delete(key)),
    }
  }

  async #ask<T>(work: () => Promise<T>, patience: number): Promise<T> {
    this.#checkPause()
    try {
      const result = await within(work(), patience)
      this.#failed = undefined
      return result
    } catch (error) {
      this.#recordFault(error)
      throw error
    }
  }

  async *#list<T>(work: () => AsyncIterable<T>): AsyncIterable<T> {
    this.#checkPause()
    try {
      yield* work()
      this.#failed = undefined
    } catch (error) {
      this.#recordFault(error)
      throw error
    }
  }

  #checkPause(): void {
    if (this.#failed && performance.now() - this.#failed.at < this.#options.pause) throw this.#failed.error
  }

  #recordFault(error: unknown): void {
    if (error instanceof StorageFailed) this.#failed = { at: performance.now(), error }
  }
}

async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  if (milliseconds === Infinity) return work
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const fault = new StorageFailed(`the storage does not answer within ${milliseconds / 1000} s`)
    timer = setTimeout(() => reject(fault), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

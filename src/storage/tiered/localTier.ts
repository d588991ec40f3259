import { rm } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import type { Logger } from '../../logger.ts'
import type { Digest } from '../../oci/digest.ts'
import { createFilesystemStorage } from '../filesystem/filesystem.ts'
import type { BlobFile, Storage, StoredBlob } from '../interfaces.ts'
import { copiedFolders } from '../copying.ts'
import { blobFolder, blobKey, layout } from '../layout.ts'
import { Records } from '../records.ts'

/**
 * Copies in a folder of this machine, checked like any storage in a folder, and bounded in size: the least
 * recently used go first. If the disk fails, a copy is lost, but never an answer.
 */
export class LocalTier {
  readonly #folder: string
  readonly #logger: Logger
  readonly #sizes: LRUCache<string, number>
  #storage: Storage

  private constructor(folder: string, storage: Storage, size: number, logger: Logger) {
    this.#folder = folder
    this.#storage = storage
    this.#logger = logger
    this.#sizes = new LRUCache({
      maxSize: size,
      sizeCalculation: (bytes) => Math.max(bytes, 1),
      dispose: (_bytes, key, reason) => {
        if (reason === 'evict') void this.#orNothing(this.#storage.objects.delete(key))
      },
    })
  }

  /** @param size in bytes @throws StorageFailed if the folder cannot be used */
  static async open(folder: string, size: number, logger: Logger): Promise<LocalTier> {
    const storage = await createFilesystemStorage(folder)
    const tier = new LocalTier(folder, storage, size, logger)
    const all = []
    for (const below of [blobFolder, ...copiedFolders])
      all.push(...(await Array.fromAsync(storage.objects.list(below))))
    for (const { key, size } of all.toSorted((a, b) => a.modified - b.modified)) tier.#sizes.set(key, size)
    return tier
  }

  /** Largest blob, in bytes, of which a copy is kept. */
  get largest(): number {
    return this.#sizes.maxSize / 4
  }

  /**
   * Says to which storage the copies belong. If they are of another storage, all are removed. @returns
   * whether they were removed
   */
  async belongTo(identity: string): Promise<boolean> {
    const known = await this.#orNothing(new Records(this.#storage.records, layout.copiesOf).get())
    if (known === identity) return false
    await this.clear()
    await this.#orNothing(new Records(this.#storage.records, layout.copiesOf).put([], identity))
    return known !== undefined
  }

  async clear(): Promise<void> {
    this.#sizes.clear()
    await rm(this.#folder, { recursive: true, force: true })
    this.#storage = await createFilesystemStorage(this.#folder)
  }

  async stat(digest: Digest): Promise<{ readonly size: number } | undefined> {
    if (this.#sizes.get(blobKey(digest)) === undefined) return undefined
    return this.#orNothing(this.#storage.blobs.stat(digest))
  }

  /** The copies, to read from. They throw `BlobUnknown` if a copy no longer exists. */
  get blobs(): Storage['blobs'] {
    return this.#storage.blobs
  }

  /** The copy's file, or undefined if there is no copy or the disk fails. */
  async file(digest: Digest): Promise<BlobFile | undefined> {
    if (this.#sizes.get(blobKey(digest)) === undefined) return undefined
    return this.#orNothing(Promise.resolve(this.#storage.files?.file(digest)))
  }

  recordCopy({ digest, size }: StoredBlob): void {
    this.#sizes.set(blobKey(digest), size)
  }

  /** Removes the copy of a blob or a record. */
  async drop(key: string): Promise<void> {
    this.#sizes.delete(key)
    await this.#orNothing(this.#storage.objects.delete(key))
  }

  async getRecord(key: string): Promise<unknown> {
    if (this.#sizes.get(key) === undefined) return undefined
    return this.#orNothing(this.#storage.records.get(key))
  }

  async putRecord(key: string, value: unknown): Promise<void> {
    await this.#orNothing(this.#storage.records.put(key, value))
    this.#sizes.set(key, JSON.stringify(value).length)
  }

  async #orNothing<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (error) {
      this.#logger.warn({ err: error }, 'the local copies of the storage do not work')
      return undefined
    }
  }
}

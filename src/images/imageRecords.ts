import { LRUCache } from 'lru-cache'
import type { CollectionLeases } from '../gc/collectionLeases.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { digestOf } from '../oci/digest.ts'
import { manifestSchema, parseJson } from '../oci/parse.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { Records } from '../storage/records.ts'
import { readWhole } from '../storage/readWhole.ts'
import type { Image } from './imageMaker.ts'

/** Bytes of manifests in memory. A manifest takes about 10 KB, so thousands of images fit. */
const memoryBytes = 64 << 20

/**
 * Which image answers a key. It is looked up in memory, then in the storage. What is read back is checked.
 */
export class ImageRecords {
  readonly #storage: Storage
  readonly #records: Records<[key: string], Descriptor>
  readonly #leases: Pick<CollectionLeases, 'lease' | 'forget'>
  readonly #memory = new LRUCache<string, Image>({
    maxSize: memoryBytes,
    sizeCalculation: (image) => image.manifest.bytes.length + 1024,
  })

  constructor(storage: Storage, leases: Pick<CollectionLeases, 'lease' | 'forget'>) {
    this.#storage = storage
    this.#records = new Records(storage.records, layout.images)
    this.#leases = leases
  }

  /**
   * Returns the image and leases it. Returns undefined if it is unknown or if any blob of it is missing.
   * @throws StorageFailed
   */
  async find(key: string): Promise<Image | undefined> {
    const image = this.#memory.get(key) ?? (await this.#recall(key))
    if (image && (await this.#leases.lease(image.manifest))) {
      this.#memory.set(key, image)
      return image
    }
    this.#memory.delete(key)
    return undefined
  }

  /**
   * Leases an image and makes it the answer to a key. All its blobs must be stored. Returns false if one of
   * them was reused and has been collected meanwhile. @throws StorageFailed
   */
  async save(key: string, image: Image): Promise<boolean> {
    if (!(await this.#leases.lease(image.manifest))) return false
    await this.#records.put([key], image.manifest.descriptor)
    this.#memory.set(key, image)
    return true
  }

  /** Forgets images in memory that name a missing blob, so that they are checked again. */
  forget(digest: string): void {
    this.#leases.forget(digest)
    for (const [key, image] of this.#memory.entries()) {
      if ([image.manifest.descriptor, image.config, ...image.layers].some((one) => one.digest === digest)) {
        this.#memory.delete(key)
      }
    }
  }

  async #recall(key: string): Promise<Image | undefined> {
    const record = await this.#records.get(key)
    return record && this.#load(record)
  }

  async #load(manifest: Descriptor): Promise<Image | undefined> {
    const bytes = await readWhole(this.#storage.blobs, manifest.digest)
    if (!bytes || digestOf(bytes) !== manifest.digest) return undefined
    const parsed = manifestSchema.safeParse(parseJson(bytes))
    if (!parsed.success) return undefined
    return { manifest: { descriptor: manifest, bytes }, ...parsed.data }
  }
}

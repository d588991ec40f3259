import { LRUCache } from 'lru-cache'
import type { Holds } from '../gc/holds.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { digestOf } from '../oci/digest.ts'
import { manifestSchema, parseJson } from '../oci/parse.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { Records } from '../storage/records.ts'
import { readWhole } from '../storage/readWhole.ts'
import type { Image } from './image.ts'

/** Manifests are some 10 KB: this many bytes hold thousands of images. */
const memoryBytes = 64 << 20

/** Which image answers a key: in memory, else in the storage. Nothing that is read back is trusted. */
export class ImageRecords {
  readonly #storage: Storage
  readonly #records: Records<[key: string], Descriptor>
  readonly #holds: Pick<Holds, 'hold' | 'forget'>
  readonly #memory = new LRUCache<string, Image>({
    maxSize: memoryBytes,
    sizeCalculation: (image) => image.manifest.bytes.length + 1024,
  })

  constructor(storage: Storage, holds: Pick<Holds, 'hold' | 'forget'>) {
    this.#storage = storage
    this.#records = new Records(storage.records, layout.images)
    this.#holds = holds
  }

  /**
   * The image, held against the collector, or undefined where it is not known or any byte of it is missing.
   * @throws StorageFailed
   */
  async find(key: string): Promise<Image | undefined> {
    const image = this.#memory.get(key) ?? (await this.#recall(key))
    if (image && (await this.#holds.hold(image.manifest))) {
      this.#memory.set(key, image)
      return image
    }
    this.#memory.delete(key)
    return undefined
  }

  /**
   * Makes an image the answer to a key, and holds it against the collector. All its blobs must have been stored; false
   * where one of them was reused, and has been collected meanwhile. @throws StorageFailed
   */
  async save(key: string, image: Image): Promise<boolean> {
    if (!(await this.#holds.hold(image.manifest))) return false
    await this.#records.put([key], image.manifest.descriptor)
    this.#memory.set(key, image)
    return true
  }

  /** Forgets images in memory that name a blob which turned out to be missing: they are looked at anew. */
  forget(digest: string): void {
    this.#holds.forget(digest)
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

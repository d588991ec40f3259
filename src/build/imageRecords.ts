import { buffer } from 'node:stream/consumers'
import { LRUCache } from 'lru-cache'
import { BlobUnknown } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { descriptorSchema, manifestSchema } from '../oci/parse.ts'
import type { Storage } from '../storage/interfaces.ts'
import type { Image } from './image.ts'

/** Manifests are some 10 KB: this many bytes hold thousands of images. */
const memoryBytes = 64 << 20

/** Which image answers a key: in memory, else in the storage. Nothing that is read back is trusted. */
export class ImageRecords {
  readonly #storage: Storage
  readonly #memory = new LRUCache<string, Image>({
    maxSize: memoryBytes,
    sizeCalculation: (image) => image.manifest.bytes.length + 1024,
  })

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** The image, or undefined where it is not known or any byte of it is missing. @throws StorageFailed */
  async find(key: string): Promise<Image | undefined> {
    const remembered = this.#memory.get(key)
    if (remembered) return remembered
    const record = descriptorSchema.safeParse(await this.#storage.records.get(`manifests/${key}`))
    const image = record.success ? await this.#load(record.data) : undefined
    if (image) this.#memory.set(key, image)
    return image
  }

  /** Makes an image the answer to a key. All its blobs must be stored. */
  async save(key: string, image: Image): Promise<void> {
    await this.#storage.records.put(`manifests/${key}`, image.manifest.descriptor)
    this.#memory.set(key, image)
  }

  /** Forgets images in memory that name a blob which turned out to be missing: they are looked at anew. */
  forget(digest: Digest): void {
    for (const [key, image] of this.#memory.entries()) {
      if ([image.manifest.descriptor, image.config, ...image.layers].some((one) => one.digest === digest)) {
        this.#memory.delete(key)
      }
    }
  }

  async #load(manifest: Descriptor): Promise<Image | undefined> {
    const bytes = await this.#read(manifest.digest)
    if (!bytes || digestOf(bytes) !== manifest.digest) return undefined
    const parsed = manifestSchema.safeParse(JSON.parse(bytes.toString()))
    if (!parsed.success) return undefined
    const { config, layers } = parsed.data
    const sizes = await Promise.all([config, ...layers].map(({ digest }) => this.#storage.blobs.stat(digest)))
    const whole = [config, ...layers].every(({ size }, index) => sizes[index]?.size === size)
    return whole ? { manifest: { descriptor: manifest, bytes }, config, layers } : undefined
  }

  async #read(digest: Digest): Promise<Buffer | undefined> {
    try {
      return await buffer(await this.#storage.blobs.open(digest))
    } catch (error) {
      if (error instanceof BlobUnknown) return undefined
      throw error
    }
  }
}

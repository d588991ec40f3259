import PQueue from 'p-queue'
import { z } from 'zod'
import { isDigest, type Digest } from '../oci/digest.ts'
import { digestSchema } from '../oci/parse.ts'
import type { Storage, StoredObject } from '../storage/interfaces.ts'
import type { ListedBlob, StoredImage } from './policy.ts'
import type { Pulls } from './pullLedger.ts'
import type { ManifestReferences } from './references.ts'
import { blobFolder, foldersPointingAt } from '../storage/layout.ts'

/**
 * A record that names a blob. `digest` is undefined if the record makes no sense. `modified` in ms since
 * 1970.
 */
interface Pointer extends StoredObject {
  readonly digest: Digest | undefined
}

/** Everything in a storage that matters to the collector. */
export interface Survey {
  readonly blobs: ReadonlyMap<Digest, ListedBlob>
  readonly images: readonly StoredImage[]
  /** Records of images. */
  readonly imageRecords: readonly Pointer[]
  /** Records of layers. */
  readonly layerRecords: readonly Pointer[]
}

/** Requests that are sent to the storage at the same time. */
export const atOnce = 16

const pointer = z.object({ digest: digestSchema })

/** Looks through a storage. Records and manifests that have not changed are read only once. */
export class Surveyor {
  readonly #storage: Pick<Storage, 'records' | 'objects'>
  readonly #references: ManifestReferences
  #pointers = new Map<string, Pointer>()

  constructor(storage: Pick<Storage, 'records' | 'objects'>, references: ManifestReferences) {
    this.#storage = storage
    this.#references = references
  }

  /**
   * @param grace seconds
   * @param now by the storage's clock, ms since 1970
   * @param onProgress called with the number of records that were read, and the number of all records
   * @throws StorageFailed
   */
  async look(
    pulls: Pulls,
    grace: number,
    now: number,
    onProgress: (done: number, of: number) => void,
  ): Promise<Survey> {
    const [imageObjects, layerObjects] = await Promise.all([
      this.#listAll(foldersPointingAt('image')),
      this.#listAll(foldersPointingAt('layer')),
    ])
    const objects = [...imageObjects, ...layerObjects]
    const blobs = await this.#listBlobs()
    let done = 0
    const queue = new PQueue({ concurrency: atOnce })
    const step = async <T>(work: () => Promise<T>) => {
      const result = await work()
      onProgress(++done, objects.length)
      return result
    }
    const pointers = await queue.addAll(objects.map((object) => () => step(() => this.#read(object))))
    this.#pointers = new Map(pointers.map((one) => [one.key, one]))
    const imageRecords = pointers.slice(0, imageObjects.length)
    const recorded = Map.groupBy(imageRecords, ({ digest }) => digest)
    const manifests = new Set([...recorded.keys(), ...pulls.lastPull.keys()])
    const images = await queue.addAll(
      [...manifests].flatMap((digest) =>
        digest !== undefined && (blobs.has(digest) || recorded.has(digest))
          ? [() => this.#image(digest, recorded.get(digest) ?? [], blobs, pulls, now - grace * 1000)]
          : [],
      ),
    )
    return { blobs, images, imageRecords, layerRecords: pointers.slice(imageRecords.length) }
  }

  async #listAll(folders: readonly string[]): Promise<readonly StoredObject[]> {
    const listed = folders.map((folder) => Array.fromAsync(this.#storage.objects.list(folder)))
    return (await Promise.all(listed)).flat()
  }

  async #listBlobs(): Promise<ReadonlyMap<Digest, ListedBlob>> {
    const blobs = new Map<Digest, ListedBlob>()
    for await (const { key, size, modified } of this.#storage.objects.list(blobFolder)) {
      const digest = `sha256:${key.slice(blobFolder.length + 1)}`
      if (isDigest(digest)) blobs.set(digest, { size, modified })
    }
    return blobs
  }

  async #read(object: StoredObject): Promise<Pointer> {
    const known = this.#pointers.get(object.key)
    if (known?.modified === object.modified && known.size === object.size) return known
    return { ...object, digest: pointer.safeParse(await this.#storage.records.get(object.key)).data?.digest }
  }

  async #image(
    digest: Digest,
    records: readonly Pointer[],
    blobs: ReadonlyMap<Digest, ListedBlob>,
    { leasedManifests, lastPull }: Pulls,
    graceBegan: number,
  ): Promise<StoredImage> {
    const recorded = Math.max(0, ...records.map(({ modified }) => modified))
    const below = blobs.has(digest) ? await this.#references.below(digest) : undefined
    const isWhole = below?.every((one) => blobs.get(one.digest)?.size === one.size) === true
    return {
      digest,
      lastPull: Math.max(recorded, lastPull.get(digest) ?? 0),
      isProtected: leasedManifests.has(digest) || recorded > graceBegan,
      reach: isWhole ? [digest, ...below.map((one) => one.digest)] : undefined,
    }
  }
}

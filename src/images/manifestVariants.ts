import { LRUCache } from 'lru-cache'
import type { Encoded } from '../oci/descriptor.ts'
import { encodeDockerManifest } from '../oci/dockerManifest.ts'
import { encodeIndex } from '../oci/index.ts'
import { mediaTypes } from '../oci/mediaTypes.ts'
import type { Platform } from '../oci/platform.ts'
import type { BlobStore } from '../storage/interfaces.ts'
import type { GzipLayers } from './gzipLayers.ts'
import type { Image } from './imageMaker.ts'
import type { EvaluatedImage } from './packageFacts.ts'

/** An image for one platform. */
interface PlatformImage {
  readonly platform: Platform
  readonly image: Image
}

/** What a name and a tag stand for. */
export interface TaggedImage {
  /** One image for each platform that has all packages. Clients that cannot choose get the first. */
  readonly platforms: readonly [PlatformImage, ...PlatformImage[]]
  /** Whether the name leaves the platform open and this server makes images for several platforms. */
  readonly open: boolean
  /** What rules need to know of the packages. */
  readonly evaluated: EvaluatedImage
}

/** The media type of a variant. */
export type VariantType = (typeof mediaTypes)[
  'ociIndex' | 'dockerManifestList' | 'ociManifest' | 'dockerManifest']

/** Most variants in memory, of about 10 KB each. */
const remembered = 2000

/**
 * The variants of an image's manifest: in the format of OCI or Docker, and as an index if there are several
 * platforms. They share the image's blobs, except for layers that Docker cannot read. Each variant has its
 * own digest, which never changes.
 */
export class ManifestVariants {
  readonly #blobs: BlobStore
  readonly #gzipLayers: GzipLayers
  /** Variants that were stored. The key has the digests of the images' manifests. */
  readonly #stored = new LRUCache<string, Encoded>({ max: remembered })

  constructor(blobs: BlobStore, gzipLayers: GzipLayers) {
    this.#blobs = blobs
    this.#gzipLayers = gzipLayers
  }

  /** Media types of the variants that exist, the server's favourite first. */
  offers({ open }: Pick<TaggedImage, 'open'>): readonly [VariantType, ...VariantType[]] {
    const { ociIndex, dockerManifestList, ociManifest, dockerManifest } = mediaTypes
    return open ? [ociIndex, dockerManifestList, ociManifest, dockerManifest] : [ociManifest, dockerManifest]
  }

  /**
   * One of the variants on offer. It is stored, so that it can be pulled by its digest too, but not leased:
   * it may be incomplete if a collector is deleting blobs.
   * @throws StorageFailed; BlobUnknown or PackingFailed if a layer cannot be recompressed
   */
  async encode(tagged: TaggedImage, type: VariantType): Promise<Encoded> {
    const [first] = tagged.platforms
    switch (type) {
      case mediaTypes.ociManifest:
        return first.image.manifest
      case mediaTypes.dockerManifest:
        return this.#docker(first.image)
      case mediaTypes.ociIndex:
        return this.#index(tagged, type, async ({ image }) => image.manifest)
      case mediaTypes.dockerManifestList:
        return this.#index(tagged, type, ({ image }) => this.#docker(image))
    }
  }

  /**
   * Forgets variants that name a blob, or that are made of an image with this manifest. They are made again
   * then.
   */
  forget(digest: string): void {
    for (const [key, { descriptor, bytes }] of this.#stored.entries()) {
      if (key.includes(digest) || descriptor.digest === digest || bytes.includes(digest))
        this.#stored.delete(key)
    }
  }

  #docker(image: Image): Promise<Encoded> {
    const key = `docker ${image.manifest.descriptor.digest}`
    return this.#once(key, async () => {
      const layers = await Promise.all(image.layers.map((layer) => this.#gzipLayers.readable(layer)))
      return encodeDockerManifest(image.config, layers)
    })
  }

  #index(
    { platforms }: TaggedImage,
    mediaType: string,
    manifestOf: (one: PlatformImage) => Promise<Encoded>,
  ): Promise<Encoded> {
    const key = [mediaType, ...platforms.map(({ image }) => image.manifest.descriptor.digest)].join(' ')
    return this.#once(key, async () => {
      const manifests = await Promise.all(
        platforms.map(async (one) => ({
          platform: one.platform,
          descriptor: (await manifestOf(one)).descriptor,
        })),
      )
      return encodeIndex(manifests, mediaType)
    })
  }

  async #once(key: string, encode: () => Promise<Encoded>): Promise<Encoded> {
    const known = this.#stored.get(key)
    if (known) return known
    const encoded = await encode()
    if (!(await this.#blobs.stat(encoded.descriptor.digest))) {
      await this.#blobs.put(async (sink) => void sink.write(encoded.bytes))
    }
    this.#stored.set(key, encoded)
    return encoded
  }
}

import { LRUCache } from 'lru-cache'
import { StorageFailed } from '../errors.ts'
import type { CollectionLeases } from '../gc/collectionLeases.ts'
import type { Encoded } from '../oci/descriptor.ts'
import { encodeDockerManifest } from '../oci/dockerForm.ts'
import { encodeIndex } from '../oci/index.ts'
import { mediaTypes } from '../oci/mediaTypes.ts'
import type { Platform } from '../oci/platform.ts'
import type { BlobStore } from '../storage/interfaces.ts'
import type { GzipLayers } from './gzipLayers.ts'
import type { Image } from './image.ts'

/** An image for one platform. */
export interface PlatformImage {
  readonly platform: Platform
  readonly image: Image
}

/** What a name and a tag stand for. */
export interface Tagged {
  /** One for each platform that has all packages; the one for clients that cannot choose first. Not empty. */
  readonly platforms: readonly [PlatformImage, ...PlatformImage[]]
  /** Whether the name leaves the platform open and this server makes images for several. */
  readonly open: boolean
}

export type Form = (typeof mediaTypes)['ociIndex' | 'dockerManifestList' | 'ociManifest' | 'dockerManifest']

/** Forms that are remembered, of some 10 KB each. */
const remembered = 2000
/** Times that a form is made when the collector takes what it needs meanwhile. */
const attempts = 3

/**
 * The forms in which an image can be had: OCI's or Docker's words, and an index where there are several platforms.
 * All forms of one image share its blobs, but for layers that Docker cannot read; each has its own digest, which never changes.
 */
export class Forms {
  readonly #blobs: BlobStore
  readonly #gzipLayers: GzipLayers
  readonly #leases: Pick<CollectionLeases, 'lease'>
  readonly #stored = new LRUCache<string, Encoded>({ max: remembered })

  constructor(blobs: BlobStore, gzipLayers: GzipLayers, leases: Pick<CollectionLeases, 'lease'>) {
    this.#blobs = blobs
    this.#gzipLayers = gzipLayers
    this.#leases = leases
  }

  /** Forms that there are, the server's favourite first. */
  offers({ open }: Tagged): readonly [Form, ...Form[]] {
    const { ociIndex, dockerManifestList, ociManifest, dockerManifest } = mediaTypes
    return open ? [ociIndex, dockerManifestList, ociManifest, dockerManifest] : [ociManifest, dockerManifest]
  }

  /** One of the offers, stored so that it is found by its digest too, and held. @throws StorageFailed */
  async encode(tagged: Tagged, form: Form): Promise<Encoded> {
    const [first] = tagged.platforms
    switch (form) {
      case mediaTypes.ociManifest:
        return first.image.manifest
      case mediaTypes.dockerManifest:
        return this.#docker(first.image)
      case mediaTypes.ociIndex:
        return this.#index(tagged, form, async ({ image }) => image.manifest)
      case mediaTypes.dockerManifestList:
        return this.#index(tagged, form, ({ image }) => this.#docker(image))
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
    { platforms }: Tagged,
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

  /** Forms that name a blob which turned out to be missing are made anew. */
  forget(digest: string): void {
    for (const [key, { descriptor, bytes }] of this.#stored.entries()) {
      if (descriptor.digest === digest || bytes.includes(digest)) this.#stored.delete(key)
    }
  }

  async #once(key: string, encode: () => Promise<Encoded>): Promise<Encoded> {
    const known = this.#stored.get(key)
    if (known && (await this.#leases.lease(known))) return known
    this.#stored.delete(key)
    for (let attempt = 0; attempt < attempts; attempt++) {
      const encoded = await encode()
      if (!(await this.#blobs.stat(encoded.descriptor.digest))) {
        await this.#blobs.put(async (sink) => void sink.write(encoded.bytes))
      }
      if (!(await this.#leases.lease(encoded))) continue
      this.#stored.set(key, encoded)
      return encoded
    }
    throw new StorageFailed('blobs of the image vanish while a form of it is made')
  }
}

import type { CollectionLeases } from '../gc/collectionLeases.ts'
import { BlobUnknown, ManifestUnknown, reasonOf, StorageFailed } from '../errors.ts'
import type { ImageRequest } from '../image/name.ts'
import type { Encoded } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { Storage } from '../storage/interfaces.ts'
import { blobKey } from '../storage/layout.ts'
import type { Catalog } from './catalog.ts'
import type { ImageRecords } from './imageRecords.ts'
import type { ManifestVariants, VariantType } from './manifestVariants.ts'
import type { NamedContent, NameIndex } from './nameIndex.ts'
import { readManifest } from './readManifest.ts'
import type { ServedBlob } from './servedBlob.ts'
import type { AskedBy, TagResolver } from './tagResolver.ts'

/** Chooses one of the media types in which a manifest can be had. The server's favourite is the first. */
type ChooseVariant = (offers: readonly [VariantType, ...VariantType[]]) => VariantType

interface ImagesOptions {
  readonly tags: Pick<TagResolver, 'resolve'>
  readonly variants: ManifestVariants
  readonly records: Pick<ImageRecords, 'forget'>
  readonly leases: Pick<CollectionLeases, 'lease' | 'recordBlobPull'>
  readonly catalog: Pick<Catalog, 'names' | 'tags'>
  readonly nameIndex: Pick<NameIndex, 'record' | 'contentsWith'>
  /** What blobs are served from. */
  readonly storage: Pick<Storage, 'blobs' | 'files' | 'urls'>
}

/** How often an image is made if a collector deletes blobs of it meanwhile. */
const attempts = 3

/**
 * Everything that the routes of a registry need. What it returns is leased. If a blob turns out to be
 * missing, what names it is forgotten, so that the next request makes it again.
 */
export class Images {
  readonly #options: ImagesOptions

  constructor(options: ImagesOptions) {
    this.#options = options
  }

  /**
   * The manifest that a tag stands for, in one of the media types that it can be had in. Unknown images are
   * built. A build goes on if nobody waits for it any more.
   * @throws any class of `errors.ts`; StorageFailed if blobs of the image vanish again and again
   */
  manifestByTag(
    request: ImageRequest,
    tag: string,
    choose: ChooseVariant,
    by: AskedBy = {},
  ): Promise<Encoded> {
    const { tags, variants, leases, nameIndex } = this.#options
    return this.#retrying(async () => {
      const tagged = await tags.resolve(request, tag, by)
      const manifest = await variants.encode(tagged, choose(variants.offers(tagged)))
      if (await leases.lease(manifest)) {
        const { digest } = manifest.descriptor
        await nameIndex.record(request, tag, { digest, ...tagged.evaluated })
        return manifest
      }
      // We do not know which blob is missing. So all images behind the manifest are checked again.
      for (const { image } of tagged.platforms) this.#forget(image.manifest.descriptor.digest)
      throw new BlobUnknown(manifest.descriptor.digest)
    })
  }

  /** A manifest or an index, if every blob that it names is there. @throws ManifestUnknown, StorageFailed */
  async manifestByDigest(digest: Digest): Promise<Encoded> {
    const { storage, leases } = this.#options
    const manifest = await this.#forgetting(async () => {
      const found = await readManifest(storage.blobs, digest)
      if (found && !(await leases.lease(found))) throw new ManifestUnknown(digest)
      return found
    })
    if (!manifest) throw new ManifestUnknown(digest)
    return manifest
  }

  /** A blob, and the ways in which it can be sent. Records the pull. @throws BlobUnknown, StorageFailed */
  async blob(digest: Digest): Promise<ServedBlob> {
    const { leases, storage } = this.#options
    const { blobs, files, urls } = storage
    const found = await blobs.stat(digest)
    if (!found) {
      this.#forget(digest)
      throw new BlobUnknown(digest)
    }
    leases.recordBlobPull(digest)
    return {
      digest,
      size: found.size,
      path: blobKey(digest),
      open: (range) => this.#forgetting(() => blobs.open(digest, range)),
      file: async () => files?.file(digest),
      link: async () => urls?.url(digest),
    }
  }

  /** What a name stood for that is this digest or refers to it, by tag. @throws StorageFailed */
  contentsWith(request: ImageRequest, digest: Digest): Promise<readonly NamedContent[]> {
    return this.#options.nameIndex.contentsWith(request, digest)
  }

  /** Sorted names of the images that were built. @throws StorageFailed */
  names(): Promise<readonly string[]> {
    return this.#options.catalog.names()
  }

  /** Sorted tags of a name: those that were built, and `latest`. @throws StorageFailed */
  tags(request: ImageRequest): Promise<readonly string[]> {
    return this.#options.catalog.tags(request)
  }

  /**
   * Tries again if a blob is missing. What names it is forgotten then, so the next attempt makes it again.
   */
  async #retrying<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#forgetting(work)
      } catch (cause) {
        if (!(reasonOf(cause) instanceof BlobUnknown)) throw cause
        if (attempt === attempts)
          throw new StorageFailed('blobs of the image vanish while it is built', { cause })
      }
    }
  }

  async #forgetting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const reason = reasonOf(error)
      if (reason instanceof BlobUnknown) this.#forget(reason.digest)
      throw error
    }
  }

  /** Whatever names the blob is not answered from memory any more. */
  #forget(digest: string): void {
    this.#options.records.forget(digest)
    this.#options.variants.forget(digest)
  }
}

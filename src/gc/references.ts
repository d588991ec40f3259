import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Descriptor } from '../oci/descriptor.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { descriptorSchema, manifestSchema, parseJson } from '../oci/parse.ts'
import type { BlobStore } from '../storage/interfaces.ts'
import { readWhole } from '../storage/readWhole.ts'

/** What a manifest or an index names itself. */
interface References {
  readonly manifests: readonly Descriptor[]
  readonly blobs: readonly Descriptor[]
}

const indexSchema = z.object({ manifests: z.array(descriptorSchema) })

/** Most manifests in memory, of at most about 20 KB each. */
const remembered = 10_000

/** What manifests need. They never change, so each is read only once. */
export class ManifestReferences {
  readonly #blobs: BlobStore
  readonly #known = new LRUCache<Digest, References>({ max: remembered })

  constructor(blobs: BlobStore) {
    this.#blobs = blobs
  }

  /**
   * Everything that a manifest or an index needs, without itself. Undefined if one of the manifests is
   * missing or makes no sense.
   * @param bytes the manifest's bytes, if the caller has them
   * @throws StorageFailed
   */
  async below(digest: Digest, bytes?: Buffer): Promise<readonly Descriptor[] | undefined> {
    const direct = await this.#direct(digest, bytes)
    if (!direct) return undefined
    const found = new Map(direct.blobs.map((one) => [one.digest, one]))
    for (const manifest of direct.manifests) {
      const children = await this.below(manifest.digest)
      if (!children) return undefined
      for (const one of [manifest, ...children]) found.set(one.digest, one)
    }
    return [...found.values()]
  }

  async #direct(digest: Digest, given?: Buffer): Promise<References | undefined> {
    const known = this.#known.get(digest)
    if (known) return known
    const bytes = given ?? (await readWhole(this.#blobs, digest))
    const references = bytes && digestOf(bytes) === digest ? parse(bytes) : undefined
    if (references) this.#known.set(digest, references)
    return references
  }
}

function parse(bytes: Buffer): References | undefined {
  const value = parseJson(bytes)
  const manifest = manifestSchema.safeParse(value).data
  if (manifest) return { manifests: [], blobs: [manifest.config, ...manifest.layers] }
  const index = indexSchema.safeParse(value).data
  return index && { manifests: index.manifests, blobs: [] }
}

import { LRUCache } from 'lru-cache'
import { ManifestReferences } from '../gc/references.ts'
import type { ImageRequest } from '../image/name.ts'
import { hexOf, toDigest, type Digest } from '../oci/digest.ts'
import type { BlobStore, ListsRecords, RecordStore } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { namesOf, Records } from '../storage/records.ts'
import { repositoryKey } from './catalog.ts'

/** Most names in memory, and most manifests whose digests are in memory: some kilobytes each. */
const rememberedNames = 2_000
const rememberedManifests = 2_000
/**
 * Most records in memory that were seen lately, and for how many milliseconds: the collector may delete them.
 */
const rememberedRecords = 10_000
const seenLately = 60_000
/** Milliseconds between two looks into the storage for a digest that a name does not have. */
const pause = 1_000

/** What a name has stood for: manifests by tag. */
interface KnownName {
  readonly looked: number
  readonly manifests: Map<string, Set<Digest>>
}

/**
 * Which digests belong to which name: the manifests that the name stood for, and what they refer to. The
 * storage has it, so that all servers know what one of them has answered.
 */
export class NameIndex {
  readonly #storage: RecordStore & ListsRecords
  readonly #records: Records<[name: string, tag: string, manifest: string], { readonly digest: Digest }>
  readonly #references: ManifestReferences
  readonly #names = new LRUCache<string, KnownName>({ max: rememberedNames })
  readonly #recorded = new LRUCache<string, true>({ max: rememberedRecords, ttl: seenLately })
  readonly #digests = new LRUCache<Digest, ReadonlySet<Digest>>({ max: rememberedManifests })

  constructor(records: RecordStore & ListsRecords, blobs: BlobStore) {
    this.#storage = records
    this.#records = new Records(records, layout.digests)
    this.#references = new ManifestReferences(blobs)
  }

  /** Records that a name and a tag stand for a manifest. Call it before the answer. @throws StorageFailed */
  async record(request: ImageRequest, tag: string, manifest: Digest): Promise<void> {
    const name = repositoryKey(request)
    const key = `${name} ${tag} ${manifest}`
    if (this.#recorded.has(key)) return
    const hex = hexOf(manifest)
    if (!(await this.#records.get(name, tag, hex)))
      await this.#records.put([name, tag, hex], { digest: manifest })
    this.#recorded.set(key, true)
    const known = this.#names.get(name)
    if (known) add(known.manifests, tag, manifest)
    else this.#names.set(name, { looked: -Infinity, manifests: new Map([[tag, new Set([manifest])]]) })
  }

  /**
   * The tags of a name that stood for a manifest which is this digest or refers to it. @throws StorageFailed
   */
  async tagsOf(request: ImageRequest, digest: Digest): Promise<ReadonlySet<string>> {
    const name = repositoryKey(request)
    const known = this.#names.get(name)
    const tags = known ? await this.#tagsIn(known, digest) : new Set<string>()
    if (tags.size > 0 || (known && performance.now() < known.looked + pause)) return tags
    // The collector may have deleted records. Only what is read now counts, and a pull by tag records it
    // again.
    return this.#tagsIn(await this.#look(name), digest)
  }

  async #tagsIn({ manifests }: KnownName, digest: Digest): Promise<ReadonlySet<string>> {
    const tags = new Set<string>()
    for (const [tag, digests] of manifests) {
      for (const manifest of digests) {
        if (manifest === digest || (await this.#below(manifest)).has(digest)) tags.add(tag)
      }
    }
    return tags
  }

  async #look(name: string): Promise<KnownName> {
    const manifests = new Map<string, Set<Digest>>()
    for await (const [, tag, hex] of namesOf(this.#storage, layout.digests, name)) {
      add(manifests, tag, toDigest(`sha256:${hex}`))
    }
    const known = { looked: performance.now(), manifests }
    this.#names.set(name, known)
    return known
  }

  async #below(manifest: Digest): Promise<ReadonlySet<Digest>> {
    const known = this.#digests.get(manifest)
    if (known) return known
    const below = await this.#references.below(manifest)
    if (!below) return new Set()
    const digests = new Set(below.map(({ digest }) => digest))
    this.#digests.set(manifest, digests)
    return digests
  }
}

function add(manifests: Map<string, Set<Digest>>, tag: string, manifest: Digest): void {
  const digests = manifests.get(tag)
  if (digests) digests.add(manifest)
  else manifests.set(tag, new Set([manifest]))
}

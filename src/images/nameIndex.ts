import { LRUCache } from 'lru-cache'
import { StorageFailed } from '../errors.ts'
import { ManifestReferences } from '../gc/references.ts'
import type { ImageRequest } from '../image/name.ts'
import { hexOf, type Digest } from '../oci/digest.ts'
import type { BlobStore, ListsRecords, RecordStore } from '../storage/interfaces.ts'
import type { StoredFacts } from '../storage/accessRecords.ts'
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

/** What a tag of a name has stood for. */
export interface NamedContent extends Omit<StoredFacts, 'digest'> {
  readonly tag: string
}

/** What a name has stood for, by tag and manifest. */
interface KnownName {
  readonly looked: number
  readonly contents: Map<string, NamedContent & { readonly digest: Digest }>
}

/**
 * Which digests belong to which name: the manifests that the name stood for, and what they refer to. The
 * storage has it, so that all servers know what one of them has answered.
 */
export class NameIndex {
  readonly #storage: RecordStore & ListsRecords
  readonly #records: Records<[name: string, tag: string, manifest: string], StoredFacts>
  readonly #references: ManifestReferences
  readonly #names = new LRUCache<string, KnownName>({ max: rememberedNames })
  readonly #recorded = new LRUCache<string, true>({ max: rememberedRecords, ttl: seenLately })
  readonly #digests = new LRUCache<Digest, ReadonlySet<Digest>>({ max: rememberedManifests })

  constructor(records: RecordStore & ListsRecords, blobs: BlobStore) {
    this.#storage = records
    this.#records = new Records(records, layout.digests)
    this.#references = new ManifestReferences(blobs)
  }

  /**
   * Records that a name and a tag stand for a manifest. Call it before the answer. If the storage is away,
   * only this server knows it, and the next pull records it.
   */
  async record(request: ImageRequest, tag: string, facts: StoredFacts): Promise<void> {
    const name = repositoryKey(request)
    const key = `${name} ${tag} ${facts.digest}`
    if (this.#recorded.has(key)) return
    const known = this.#names.get(name) ?? { looked: -Infinity, contents: new Map() }
    known.contents.set(`${tag} ${facts.digest}`, { tag, ...facts })
    this.#names.set(name, known)
    try {
      const id: [string, string, string] = [name, tag, hexOf(facts.digest)]
      // An earlier record may lack packages that were not known then.
      const stored = await this.#records.get(...id)
      if (!stored || stored.packages.length < facts.packages.length) await this.#records.put(id, facts)
      this.#recorded.set(key, true)
    } catch (error) {
      if (!(error instanceof StorageFailed)) throw error
    }
  }

  /** What a name stood for that is this digest or refers to it, by tag. @throws StorageFailed */
  async contentsWith(request: ImageRequest, digest: Digest): Promise<readonly NamedContent[]> {
    const name = repositoryKey(request)
    const known = this.#names.get(name)
    const found = known ? await this.#foundIn(known, digest) : []
    if (found.length > 0 || (known && performance.now() < known.looked + pause)) return found
    // The collector may have deleted records. Only what is read now counts, and a pull by tag records it
    // again.
    return this.#foundIn(await this.#look(name), digest)
  }

  async #foundIn({ contents }: KnownName, digest: Digest): Promise<readonly NamedContent[]> {
    const found: NamedContent[] = []
    for (const content of contents.values()) {
      if (content.digest === digest || (await this.#below(content.digest)).has(digest)) found.push(content)
    }
    return found
  }

  async #look(name: string): Promise<KnownName> {
    const known: KnownName = { looked: performance.now(), contents: new Map() }
    for await (const [, tag, hex] of namesOf(this.#storage, layout.digests, name)) {
      const facts = await this.#records.get(name, tag, hex)
      if (facts) known.contents.set(`${tag} ${facts.digest}`, { tag, ...facts })
    }
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

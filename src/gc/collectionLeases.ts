import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { StorageFailed } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Descriptor, Encoded } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { BlobStore, Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import type { PullRecord } from '../storage/recordValues.ts'
import { folderOf, Records } from '../storage/records.ts'
import { patient, SingleFlight } from '../work/singleFlight.ts'
import { Intents } from './intents.ts'
import { PullLedger } from './pullLedger.ts'
import { ManifestReferences } from './references.ts'
import { readStorageClock } from './storageClock.ts'

/** Most leases in memory. With the digests of the layers, one takes about 10 KB. */
const remembered = 10_000
/** How often an image is checked again if checking it took so long that half of the lease is over. */
const attempts = 3
/** After so many records, a server merges its own. Otherwise they would pile up if nobody collects. */
const recordsPerMerge = 100
/** Seconds. Recorded pull times are at least this exact. */
const longestInterval = 600

interface CollectionLeasesOptions {
  /** The storage itself, not copies of it: what a collector deletes must be missing here too. */
  readonly storage: Pick<Storage, 'blobs' | 'records' | 'objects'>
  /** Copies that are served while the storage does not answer. */
  readonly local?: Pick<BlobStore, 'stat'> | undefined
  /** Seconds for which nothing that a served manifest names is deleted. */
  readonly grace: number
  readonly logger: Logger
}

interface Lease {
  /** When we began to write the record that makes the lease known (ms, this process' clock). */
  readonly since: number
  /** Digests of everything that the manifest needs. */
  readonly reach: ReadonlySet<string>
}

/** One pull record, and the collectors' intents after it was written. */
interface WrittenRecord {
  readonly since: number
  readonly intents: ReadonlyMap<string, ReadonlySet<Digest>>
}

/**
 * What this server relies on. Every collector learns of it before this server relies on it: a pull record is
 * written, then the collectors' intents are read, then every blob is looked up. That happens once per image
 * in half of the grace. Requests in between cost nothing, and renew the lease with the next record. See
 * docs/garbage-collection.md.
 */
export class CollectionLeases {
  readonly #options: CollectionLeasesOptions
  readonly #server = randomUUID()
  readonly #pulls: Records<[server: string, number: string], PullRecord>
  readonly #intents: Intents
  readonly #references: ManifestReferences
  readonly #leases = new LRUCache<Digest, Lease>({ max: remembered })
  readonly #acquiring = new SingleFlight<boolean>()
  /** When each manifest was last asked for, and which blobs were, since the last record. */
  #manifests = new Map<Digest, number>()
  #blobs = new Set<Digest>()
  #records = 0
  #writing: Promise<unknown> = Promise.resolve()
  #next: Promise<WrittenRecord> | undefined
  readonly #timer: NodeJS.Timeout

  constructor(options: CollectionLeasesOptions) {
    this.#options = options
    this.#pulls = new Records(options.storage.records, layout.pulls)
    this.#intents = new Intents(options.storage)
    this.#references = new ManifestReferences(options.storage.blobs)
    const interval = Math.min(options.grace / 4, longestInterval)
    this.#timer = setInterval(() => void this.#flush(), interval * 1000)
    this.#timer.unref()
  }

  /**
   * Leases everything that a manifest or an index names, and records the pull. Returns false if a blob is
   * missing. Otherwise no collector deletes any of it for half of the grace, or longer if it is leased again.
   * @throws StorageFailed
   */
  async lease(manifest: Encoded): Promise<boolean> {
    const { digest } = manifest.descriptor
    this.#manifests.set(digest, Date.now())
    if (this.#isFresh(this.#leases.get(digest))) return true
    try {
      return await this.#acquiring.run(digest, patient, () => this.#acquire(manifest))
    } catch (error) {
      if (error instanceof StorageFailed && (await this.#isLocal(manifest))) return true
      throw error
    }
  }

  /** Records that a blob was pulled. It is leased with the next record, unless a leased manifest names it. */
  recordBlobPull(digest: Digest): void {
    if (this.#blobs.size < remembered) this.#blobs.add(digest)
  }

  /** Ends the leases of manifests that name a missing blob, so that they are checked again. */
  forget(digest: string): void {
    for (const [manifest, { reach }] of this.#leases.entries()) {
      if (manifest === digest || reach.has(digest)) this.#leases.delete(manifest)
    }
  }

  /** Ends all leases, so that everything is checked again. */
  forgetAll(): void {
    this.#leases.clear()
  }

  /** Writes what is not written yet. Nothing is written at intervals any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#flush()
  }

  async #acquire(manifest: Encoded): Promise<boolean> {
    const { digest } = manifest.descriptor
    for (let attempt = 0; attempt < attempts; attempt++) {
      this.#manifests.set(digest, Date.now())
      const { since, intents } = await this.#write()
      const below = await this.#references.below(digest, manifest.bytes)
      if (!below) return false
      const all = [manifest.descriptor, ...below]
      await this.#intents.pass(
        intents,
        all.map((one) => one.digest),
      )
      if (!(await isWhole(this.#options.storage.blobs, all))) return false
      const lease = { since, reach: new Set<string>(below.map((one) => one.digest)) }
      if (!this.#isFresh(lease)) continue
      this.#leases.set(digest, lease)
      return true
    }
    throw new StorageFailed('the storage is too slow for the grace period (NIXERY_GC_GRACE)')
  }

  #isFresh(lease: Lease | undefined): boolean {
    return lease !== undefined && performance.now() - lease.since < (this.#options.grace * 1000) / 2
  }

  /** Writes a record of all pulls so far. Callers who come while one is being written share the next one. */
  #write(): Promise<WrittenRecord> {
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined
      const written = this.#writeNow()
      this.#writing = written.catch(() => undefined)
      return written
    })
    return this.#next
  }

  async #writeNow(): Promise<WrittenRecord> {
    const { grace } = this.#options
    const [manifests, blobs] = [this.#manifests, this.#blobs]
    this.#manifests = new Map()
    this.#blobs = new Set()
    const since = performance.now()
    const record: PullRecord = { holds: grace, manifests: [...manifests], blobs: this.#unleased(blobs) }
    try {
      this.#records += 1
      await this.#pulls.put([this.#server, String(this.#records)], record)
    } catch (error) {
      for (const [digest, time] of manifests)
        this.#manifests.set(digest, Math.max(time, this.#manifests.get(digest) ?? 0))
      for (const digest of blobs) this.recordBlobPull(digest)
      throw error
    }
    this.#renew(manifests.keys(), since)
    if (this.#records % recordsPerMerge === 0) this.#merge()
    return { since, intents: await this.#intents.standing() }
  }

  #merge(): void {
    const { storage, logger } = this.#options
    const merge = async () => {
      const now = await readStorageClock(storage)
      await new PullLedger(storage).compact(now(), () => true, folderOf(layout.pulls, this.#server))
    }
    merge().catch((error: unknown) => logger.warn({ err: error }, 'records of pulls could not be merged'))
  }

  /** Renews leases that had not ended when the new record was written. The others must be acquired again. */
  #renew(digests: Iterable<Digest>, since: number): void {
    for (const digest of digests) {
      const lease = this.#leases.peek(digest)
      if (lease && this.#isFresh(lease)) this.#leases.set(digest, { ...lease, since })
    }
  }

  /** Blobs that no leased manifest names. */
  #unleased(blobs: ReadonlySet<Digest>): Digest[] {
    const left = new Set(blobs)
    if (left.size === 0) return []
    for (const lease of this.#leases.values()) {
      if (this.#isFresh(lease)) for (const digest of left) if (lease.reach.has(digest)) left.delete(digest)
    }
    return [...left]
  }

  async #flush(): Promise<void> {
    if (this.#manifests.size + this.#blobs.size === 0) return
    await this.#write().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'the last pulls could not be recorded; this is tried again')
    })
  }

  async #isLocal(manifest: Encoded): Promise<boolean> {
    const { local } = this.#options
    if (!local) return false
    const below = await this.#references.below(manifest.descriptor.digest, manifest.bytes)
    return below !== undefined && isWhole(local, [manifest.descriptor, ...below])
  }
}

async function isWhole(blobs: Pick<BlobStore, 'stat'>, all: readonly Descriptor[]): Promise<boolean> {
  const sizes = await Promise.all(all.map(({ digest }) => blobs.stat(digest)))
  return all.every(({ size }, index) => sizes[index]?.size === size)
}

import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { StorageFailed } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Descriptor, Encoded } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { BlobStore, Storage } from '../storage/interfaces.ts'
import { layout, type PullRecord } from '../storage/layout.ts'
import { folderOf, Records } from '../storage/records.ts'
import { patient, SingleFlight } from '../work/singleFlight.ts'
import { Intents } from './intents.ts'
import { PullLedger } from './pullLedger.ts'
import { ManifestReferences } from './references.ts'
import { readStorageClock } from './storageClock.ts'

/** Manifests of which it is remembered that they are held: with the digests of their layers, some 10 KB each. */
const remembered = 10_000
/** Times that an image is looked at anew when looking took so long that the hold is half over. */
const attempts = 3
/** Records after which a server merges its own: where nobody collects, they must not pile up either. */
const recordsPerMerge = 100
/** Pull times are this exact at least (s). */
const longestInterval = 600

export interface HoldsOptions {
  /** Where everything really is: nothing may answer in its place. */
  readonly storage: Pick<Storage, 'blobs' | 'records' | 'objects'>
  /** What is served when the storage does not answer. */
  readonly local?: Pick<BlobStore, 'stat'> | undefined
  /** Seconds for which nothing is deleted that a manifest names once it was served. */
  readonly grace: number
  readonly logger: Logger
}

interface Held {
  /** When the record that holds it was about to be written (ms, this process' clock). */
  readonly since: number
  readonly reach: ReadonlySet<string>
}

/** One write of what is served, and the intents that stood after it. */
interface Written {
  readonly since: number
  readonly intents: ReadonlyMap<string, ReadonlySet<Digest>>
}

/**
 * What this server relies on, made known to every collector before it is relied upon: a record in `pulls/` is written,
 * then the collectors' intents are read, then every byte is looked for. That is done once for an image in half the
 * grace; requests meanwhile cost nothing, and renew the hold with the next batch. See docs/garbage-collection.md.
 */
export class Holds {
  readonly #options: HoldsOptions
  readonly #server = randomUUID()
  readonly #pulls: Records<[server: string, number: string], PullRecord>
  readonly #intents: Intents
  readonly #references: ManifestReferences
  readonly #held = new LRUCache<Digest, Held>({ max: remembered })
  readonly #securing = new SingleFlight<boolean>()
  #manifests = new Map<Digest, number>()
  #blobs = new Set<Digest>()
  #records = 0
  #writing: Promise<unknown> = Promise.resolve()
  #next: Promise<Written> | undefined
  readonly #timer: NodeJS.Timeout

  constructor(options: HoldsOptions) {
    this.#options = options
    this.#pulls = new Records(options.storage.records, layout.pulls)
    this.#intents = new Intents(options.storage)
    this.#references = new ManifestReferences(options.storage.blobs)
    const interval = Math.min(options.grace / 4, longestInterval)
    this.#timer = setInterval(() => void this.#flush(), interval * 1000)
    this.#timer.unref()
  }

  /**
   * Whether every byte of a manifest or an index is there. If so, all stay for half the grace at least, and longer
   * while it is asked for. @throws StorageFailed
   */
  async hold(manifest: Encoded): Promise<boolean> {
    const { digest } = manifest.descriptor
    this.#manifests.set(digest, Date.now())
    if (this.#isFresh(this.#held.get(digest))) return true
    try {
      return await this.#securing.run(digest, patient, () => this.#secure(manifest))
    } catch (error) {
      if (error instanceof StorageFailed && (await this.#isLocal(manifest))) return true
      throw error
    }
  }

  /** A blob was asked for. Costs a place in the next batch, where no manifest holds it already. */
  touch(digest: Digest): void {
    if (this.#blobs.size < remembered) this.#blobs.add(digest)
  }

  /** A blob turned out to be missing: what names it is looked at anew. */
  forget(digest: string): void {
    for (const [manifest, { reach }] of this.#held.entries()) {
      if (manifest === digest || reach.has(digest)) this.#held.delete(manifest)
    }
  }

  /** Nothing that is held is certain to be there any more. */
  forgetAll(): void {
    this.#held.clear()
  }

  /** Writes what is not written yet, and no more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#flush()
  }

  async #secure(manifest: Encoded): Promise<boolean> {
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
      const held = { since, reach: new Set<string>(below.map((one) => one.digest)) }
      if (!this.#isFresh(held)) continue
      this.#held.set(digest, held)
      return true
    }
    throw new StorageFailed('the storage is too slow for the grace period (NIXERY_GC_GRACE)')
  }

  #isFresh(held: Held | undefined): boolean {
    return held !== undefined && performance.now() - held.since < (this.#options.grace * 1000) / 2
  }

  /** Writes everything that was asked for so far; who comes while one is written shares the next. */
  #write(): Promise<Written> {
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined
      const written = this.#writeNow()
      this.#writing = written.catch(() => undefined)
      return written
    })
    return this.#next
  }

  async #writeNow(): Promise<Written> {
    const { grace } = this.#options
    const [manifests, blobs] = [this.#manifests, this.#blobs]
    this.#manifests = new Map()
    this.#blobs = new Set()
    const since = performance.now()
    const record: PullRecord = { holds: grace, manifests: [...manifests], blobs: this.#unheld(blobs) }
    try {
      this.#records += 1
      await this.#pulls.put([this.#server, String(this.#records)], record)
    } catch (error) {
      for (const [digest, time] of manifests)
        this.#manifests.set(digest, Math.max(time, this.#manifests.get(digest) ?? 0))
      for (const digest of blobs) this.touch(digest)
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

  /** What was held until the new record stood is held on; what was not must be looked at. */
  #renew(digests: Iterable<Digest>, since: number): void {
    for (const digest of digests) {
      const held = this.#held.peek(digest)
      if (held && this.#isFresh(held)) this.#held.set(digest, { ...held, since })
    }
  }

  /** Blobs that no fresh manifest holds. */
  #unheld(blobs: ReadonlySet<Digest>): Digest[] {
    const left = new Set(blobs)
    if (left.size === 0) return []
    for (const held of this.#held.values()) {
      if (this.#isFresh(held)) for (const digest of left) if (held.reach.has(digest)) left.delete(digest)
    }
    return [...left]
  }

  async #flush(): Promise<void> {
    if (this.#manifests.size + this.#blobs.size === 0) return
    await this.#write().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'what was pulled could not be noted; it is tried again')
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

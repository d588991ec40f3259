import { randomUUID } from 'node:crypto'
import { StorageFailed } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import type { PullRecord } from '../storage/recordValues.ts'
import { folderOf } from '../storage/records.ts'

/** What all servers have leased and served. */
export interface Pulls {
  /** Manifests, and single blobs, that may not be deleted now. */
  readonly leasedManifests: ReadonlySet<Digest>
  readonly leasedBlobs: ReadonlySet<Digest>
  /** When a manifest was last asked for, in ms since 1970. */
  readonly lastPull: ReadonlyMap<Digest, number>
}

interface Entry {
  readonly record: PullRecord
  readonly modified: number
}

/** The records of all servers. */
const allPulls = folderOf(layout.pulls)

/** How often a record that cannot be read is looked up again before it counts as damaged. */
const looks = 5

/** Reads the servers' pull records. They never change, so each is read only once. */
export class PullLedger {
  readonly #storage: Pick<Storage, 'records' | 'objects'>
  readonly #known = new Map<string, Entry>()

  constructor(storage: Pick<Storage, 'records' | 'objects'>) {
    this.#storage = storage
  }

  /**
   * What is leased and was pulled. Every record that was put before the call is included.
   * @param now by the storage's clock, ms since 1970
   * @throws StorageFailed, also if a damaged record may be of a lease that has not ended
   */
  async read(now: number): Promise<Pulls> {
    for (let look = 0; ; look++) {
      const damaged = await this.#catchUp()
      if (damaged.length === 0) break
      // A record that another collector merged may vanish between listing and reading.
      if (look < looks) continue
      const young = damaged.find(({ modified }) => now - modified < longestLease)
      if (young)
        throw new StorageFailed(
          `the record ${young.key} is damaged, and it may be of a lease that has not ended`,
        )
      break
    }
    return pullsOf([...this.#known.values()], now)
  }

  /**
   * Merges the records whose leases have ended into one. It keeps the last pull of each manifest that still
   * exists.
   * @param below the folder of all servers, or of one
   * @throws StorageFailed
   */
  async compact(now: number, isThere: (digest: Digest) => boolean, below: string = allPulls): Promise<void> {
    await this.#catchUp(below)
    const old = [...this.#known].filter(
      ([key, entry]) => key.startsWith(`${below}/`) && !isLeasing(entry, now),
    )
    if (old.length < 2) return
    const { lastPull } = pullsOf(
      old.map(([, entry]) => entry),
      now,
    )
    const manifests = [...lastPull].filter(([digest]) => isThere(digest))
    const merged: PullRecord = { holds: 0, manifests, blobs: [] }
    if (manifests.length > 0) await this.#storage.records.put(`${below}/merged/${randomUUID()}`, merged)
    for (const [key] of old) await this.#storage.objects.delete(key)
  }

  /** Reads new records and drops deleted ones. @returns records that are listed and cannot be read */
  async #catchUp(below: string = allPulls): Promise<readonly { key: string; modified: number }[]> {
    const listed = await Array.fromAsync(this.#storage.objects.list(below))
    const keys = new Set(listed.map(({ key }) => key))
    for (const key of this.#known.keys())
      if (key.startsWith(`${below}/`) && !keys.has(key)) this.#known.delete(key)
    const unread = await Promise.all(
      listed.map(async ({ key, modified }) => {
        if (this.#known.has(key)) return []
        const record = layout.pulls.schema.safeParse(await this.#storage.records.get(key)).data
        if (!record) return [{ key, modified }]
        this.#known.set(key, { record, modified })
        return []
      }),
    )
    return unread.flat()
  }
}

/** Milliseconds. No lease lasts longer without a new record. */
const longestLease = 7 * 24 * 3600 * 1000

function isLeasing({ record, modified }: Entry, now: number): boolean {
  return now - modified < record.holds * 1000
}

function pullsOf(entries: readonly Entry[], now: number): Pulls {
  const leasedManifests = new Set<Digest>()
  const leasedBlobs = new Set<Digest>()
  const lastPull = new Map<Digest, number>()
  for (const entry of entries) {
    const leasing = isLeasing(entry, now)
    for (const digest of leasing ? entry.record.blobs : []) leasedBlobs.add(digest)
    for (const [digest, time] of entry.record.manifests) {
      if (leasing) leasedManifests.add(digest)
      const last = Math.max(Math.min(time, entry.modified), lastPull.get(digest) ?? 0)
      lastPull.set(digest, last)
    }
  }
  return { leasedManifests, leasedBlobs, lastPull }
}

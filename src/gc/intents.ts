import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Digest } from '../oci/digest.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { namesOf, recordKey, Records } from '../storage/records.ts'

/** Seconds after which a collector starts no deletion any more under an intent. */
export const deletesWithin = 15
/**
 * Seconds after which a collector that has not taken its intent back is dead, and its last deletion has happened or
 * never will: clients of object stores give up after a few attempts of half a minute.
 */
const deadAfter = 300
/** Milliseconds between looks at an intent that is in the way. */
const patience = 100

/** Blobs that a collector is about to delete, for the servers to see. */
export class Intents {
  readonly #storage: Pick<Storage, 'records' | 'objects'>
  readonly #records: Records<[id: string], { readonly digests: readonly Digest[] }>
  /** Intents that were in the way, and since when on this process' clock (ms). */
  readonly #since = new Map<string, number>()

  constructor(storage: Pick<Storage, 'records' | 'objects'>) {
    this.#storage = storage
    this.#records = new Records(storage.records, layout.deletions)
  }

  /** Says what is about to be deleted, until it is taken back. @throws StorageFailed */
  async declare(digests: readonly Digest[]): Promise<{ takeBack(): Promise<void> }> {
    const id = randomUUID()
    await this.#records.put([id], { digests })
    return { takeBack: () => this.#storage.objects.delete(recordKey(layout.deletions, id)) }
  }

  /** Intents that stand now, by id. @throws StorageFailed */
  async standing(): Promise<ReadonlyMap<string, ReadonlySet<Digest>>> {
    const found = new Map<string, ReadonlySet<Digest>>()
    for await (const [id] of namesOf(this.#storage.records, layout.deletions)) {
      const digests = await this.#read(id)
      if (digests) found.set(id, digests)
    }
    for (const id of this.#since.keys()) if (!found.has(id)) this.#since.delete(id)
    return found
  }

  /**
   * Waits until none of some intents that names one of the digests stands any more, or its collector is dead.
   * @throws StorageFailed
   */
  async pass(intents: ReadonlyMap<string, ReadonlySet<Digest>>, digests: readonly Digest[]): Promise<void> {
    for (const [id, named] of intents) {
      if (!digests.some((digest) => named.has(digest))) continue
      const since = this.#since.get(id) ?? performance.now()
      this.#since.set(id, since)
      while (performance.now() - since < deadAfter * 1000 && (await this.#read(id))) await sleep(patience)
    }
  }

  /** Removes what dead collectors left. @param now by the storage's clock, ms since 1970 @throws StorageFailed */
  async removeDead(now: number): Promise<void> {
    for await (const { key, modified } of this.#storage.objects.list(layout.deletions.folder)) {
      if (now - modified > 2 * deadAfter * 1000) await this.#storage.objects.delete(key)
    }
  }

  /** If an intent cannot be understood, going on would be guessing: that is an error. */
  async #read(id: string): Promise<ReadonlySet<Digest> | undefined> {
    const intent = await this.#records.getSound(id)
    return intent && new Set(intent.digests)
  }
}

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Digest } from '../oci/digest.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { namesOf, recordKey, Records } from '../storage/records.ts'

/** Seconds. A collector starts no deletion under an intent that is older. */
export const deletesWithin = 15
/**
 * Seconds. If a collector has not taken back an intent that is older, it is dead. Then its last deletion has
 * happened or will never happen: clients of object stores give up after a few attempts of half a minute.
 */
const deadAfter = 300
/** Milliseconds between two looks at an intent that we wait for. */
const patience = 100

/** Blobs that collectors are about to delete. Servers read them. */
export class Intents {
  readonly #storage: Pick<Storage, 'records' | 'objects'>
  readonly #records: Records<[id: string], { readonly digests: readonly Digest[] }>
  /** Intents that we waited for, and since when (ms, this process' clock). */
  readonly #since = new Map<string, number>()

  constructor(storage: Pick<Storage, 'records' | 'objects'>) {
    this.#storage = storage
    this.#records = new Records(storage.records, layout.deletions)
  }

  /** Declares what is about to be deleted, until that is taken back. @throws StorageFailed */
  async declare(digests: readonly Digest[]): Promise<{ takeBack(): Promise<void> }> {
    const id = randomUUID()
    await this.#records.put([id], { digests })
    return { takeBack: () => this.#storage.objects.delete(recordKey(layout.deletions, id)) }
  }

  /** The current intents, by id. @throws StorageFailed */
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
   * Waits until every intent that names one of the digests was taken back or its collector is dead.
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

  /**
   * Removes the intents of dead collectors.
   * @param now the storage's time, ms since 1970
   * @throws StorageFailed
   */
  async removeDead(now: number): Promise<void> {
    for await (const { key, modified } of this.#storage.objects.list(layout.deletions.folder)) {
      if (now - modified > 2 * deadAfter * 1000) await this.#storage.objects.delete(key)
    }
  }

  /** @throws StorageFailed also if an intent makes no sense: going on would be guessing */
  async #read(id: string): Promise<ReadonlySet<Digest> | undefined> {
    const intent = await this.#records.getSound(id)
    return intent && new Set(intent.digests)
  }
}

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { StorageFailed } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { digestSchema } from '../oci/parse.ts'
import type { Storage } from '../storage/interfaces.ts'

const folder = 'gc/intents'

const schema = z.object({ digests: z.array(digestSchema) })

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
  /** Intents that were in the way, and since when on this process' clock (ms). */
  readonly #since = new Map<string, number>()

  constructor(storage: Pick<Storage, 'records' | 'objects'>) {
    this.#storage = storage
  }

  /** Says what is about to be deleted, until it is taken back. @throws StorageFailed */
  async declare(digests: readonly Digest[]): Promise<{ readonly key: string; takeBack(): Promise<void> }> {
    const key = `${folder}/${randomUUID()}`
    await this.#storage.records.put(key, { digests })
    return { key, takeBack: () => this.#storage.objects.delete(key) }
  }

  /** Intents that stand now, by key. @throws StorageFailed */
  async standing(): Promise<ReadonlyMap<string, ReadonlySet<Digest>>> {
    const found = new Map<string, ReadonlySet<Digest>>()
    for await (const key of this.#storage.records.list(folder)) {
      const digests = await this.#read(key)
      if (digests) found.set(key, digests)
    }
    for (const key of this.#since.keys()) if (!found.has(key)) this.#since.delete(key)
    return found
  }

  /**
   * Waits until none of some intents that names one of the digests stands any more, or its collector is dead.
   * @throws StorageFailed
   */
  async pass(intents: ReadonlyMap<string, ReadonlySet<Digest>>, digests: readonly Digest[]): Promise<void> {
    for (const [key, named] of intents) {
      if (!digests.some((digest) => named.has(digest))) continue
      const since = this.#since.get(key) ?? performance.now()
      this.#since.set(key, since)
      while (performance.now() - since < deadAfter * 1000 && (await this.#read(key))) await sleep(patience)
    }
  }

  /** Removes what dead collectors left. @param now by the storage's clock, ms since 1970 @throws StorageFailed */
  async removeDead(now: number): Promise<void> {
    for await (const { key, modified } of this.#storage.objects.list(folder)) {
      if (now - modified > 2 * deadAfter * 1000) await this.#storage.objects.delete(key)
    }
  }

  async #read(key: string): Promise<ReadonlySet<Digest> | undefined> {
    const value = await this.#storage.records.get(key)
    if (value === undefined) return undefined
    const parsed = schema.safeParse(value)
    // What it names is not known: to go on would be to guess.
    if (!parsed.success) throw new StorageFailed(`the record ${key} makes no sense`)
    return new Set(parsed.data.digests)
  }
}

import { LRUCache } from 'lru-cache'
import { StorageFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'

/** Where it is kept which revisions a branch, tag or channel has pointed at, by their ids. */
export interface TipRecords {
  get(id: string): Promise<object | undefined>
  put(name: [id: string], value: { readonly seen: string }): Promise<void>
}

/** Tips that are remembered without asking the storage. */
const remembered = 10_000

/** Revisions that a branch, tag or channel pointed at when the storage first saw them. They stay trusted. */
export class TrustedTips {
  readonly #records: TipRecords
  readonly #known = new LRUCache<string, true>({ max: remembered })

  constructor(records: TipRecords) {
    this.#records = records
  }

  /**
   * Notes a revision once. A storage that does not work is no reason to serve nothing: it is noted the next
   * time.
   */
  async add(id: string, run: RunOptions): Promise<void> {
    try {
      if (await this.has(id)) return
      await this.#records.put([id], { seen: new Date().toISOString().slice(0, 10) })
      this.#known.set(id, true)
    } catch (error) {
      if (!(error instanceof StorageFailed)) throw error
      run.onEvent({ kind: 'log', line: `it could not be noted that ${id} was a tip: ${error.message}` })
    }
  }

  /** @throws StorageFailed */
  async has(id: string): Promise<boolean> {
    if (this.#known.has(id)) return true
    if ((await this.#records.get(id)) === undefined) return false
    this.#known.set(id, true)
    return true
  }
}

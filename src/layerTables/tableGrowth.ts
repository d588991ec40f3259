import { randomUUID } from 'node:crypto'
import type { LayerTable } from '../layers/layerTable.ts'
import type { Logger } from '../logger.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { createRecord, Records } from '../storage/records.ts'
import { Repetition } from '../work/repetition.ts'
import { isOutgrown } from './coverage.ts'
import { countBuilt, findBuilt } from './findBuilt.ts'
import type { LayerTables } from './layerTables.ts'
import { makeTableInThread } from './tableThread.ts'

interface TableGrowthOptions {
  readonly storage: Pick<Storage, 'records' | 'objects'>
  readonly tables: Pick<LayerTables, 'newest' | 'offer'>
  /** The id of the source whose revisions use the tables (`sourceId`). */
  readonly source: string
  readonly logger: Logger
  /** Milliseconds between two looks at whether a table is due. */
  readonly interval?: number
  /** @internal tests: milliseconds since 1970 */
  readonly now?: () => number
}

/** Fewer packages say too little about what images share. */
const fewestPackages = 30
/** How often a day is tried if the server that began is killed, and after how many milliseconds. */
const attempts = 4
const givenUpAfter = 3600_000
const tenMinutes = 600_000

/**
 * Makes layer tables from what servers have built: once a day, by one of the servers on a storage, and only
 * if the newest table knows too little of it.
 */
export class TableGrowth {
  readonly #options: TableGrowthOptions
  readonly #now: () => number
  readonly #server = randomUUID()
  readonly #repetition: Repetition

  constructor(options: TableGrowthOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    const { interval = tenMinutes } = options
    // Servers that were started together do not look together.
    const pause = interval * (0.5 + Math.random() / 2)
    this.#repetition = new Repetition(pause, async (signal) => {
      await this.grow().catch((error: unknown) => {
        if (!signal.aborted) options.logger.warn({ err: error }, 'the layer table of the day was not made')
      })
      return pause
    })
  }

  /** Makes the table of the day if it is due. @returns the table that was made @throws StorageFailed */
  async grow(): Promise<LayerTable | undefined> {
    const { storage, tables } = this.#options
    const today = new Date(this.#now()).toISOString().slice(0, 10)
    const newest = await tables.newest()
    if (newest !== undefined && newest.made.slice(0, 10) >= today) return undefined
    if ((await countBuilt(storage)) < fewestPackages) return undefined
    const finish = await this.#claim(today)
    if (!finish) return undefined
    const table = await this.#make(newest)
    await finish()
    return table
  }

  stop(): Promise<void> {
    return this.#repetition.stop()
  }

  async #make(newest: LayerTable | undefined): Promise<LayerTable | undefined> {
    const { storage, tables, logger } = this.#options
    const { signal } = this.#repetition
    const found = await findBuilt(storage, { signal, onProgress: () => undefined })
    if (found.nodes.length === 0 || !isOutgrown(newest, found.nodes)) return undefined
    const table = await makeTableInThread(found, signal)
    // A table by hand, of a whole set, knows more than servers see.
    if (newest && newest.sharing.needed.size >= table.sharing.needed.size) return undefined
    const dated = { ...table, made: new Date(this.#now()).toISOString() }
    await tables.offer(dated)
    logger.info({ paths: found.nodes.length }, 'a layer table was made from what servers have built')
    return dated
  }

  /**
   * Takes the day, unless another server has it. If a server has taken it and has not finished after an hour,
   * it was killed, and the day is free again.
   * @returns what to call at the end
   */
  async #claim(day: string): Promise<(() => Promise<void>) | undefined> {
    const { records } = this.#options.storage
    const { source } = this.#options
    const claims = new Records(records, layout.tableGrowthClaims)
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const name: [string, string] = [source, `${day}-${attempt}`]
      const claim = { server: this.#server, at: this.#now(), done: false }
      if (await createRecord(records, layout.tableGrowthClaims, name, claim)) {
        return () => claims.put(name, { ...claim, done: true })
      }
      const other = await claims.get(...name)
      if (other?.done === true || (other && this.#now() - other.at < givenUpAfter)) return undefined
    }
    return undefined
  }
}

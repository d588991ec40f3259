import { LRUCache } from 'lru-cache'
import type { LayerTable } from '../layers/layerTable.ts'
import type { Closure, LayerPlan, LayerStrategy } from '../layers/plan.ts'
import type { PopularityData } from '../layers/popularity.ts'
import { sharedDataFor } from '../layers/sharedData.ts'
import type { Revision } from '../store/revision.ts'
import type { LayerTables, TableChoice } from './layerTables.ts'

/** How closures are grouped, and what tells it from another way. */
export interface Layering {
  /** Part of every image's key. */
  readonly identity: string
  /** What the groups are made with. Undefined: without a table. */
  readonly table: LayerTable | undefined
  /** False if the first table of the source takes the place of this layering. */
  readonly isFinal: boolean
  plan(closure: Closure): readonly LayerPlan[]
  /** What `plan` would answer without a table: to see what the table does. */
  planWithoutTable(closure: Closure): readonly LayerPlan[]
}

interface LayeringOptions {
  readonly name: string
  readonly strategy: LayerStrategy
  /** Counts that the operator gave. Without them those of the table are used. */
  readonly popularity?: PopularityData | undefined
  /** Most layers of store paths; the root layer comes on top. */
  readonly budget: number
  readonly tables: Pick<LayerTables, 'choose' | 'preview'>
  /** Called before a table is chosen; resolves as soon as the choice need not wait any more. */
  readonly prepare?: (revision: Revision) => Promise<void>
}

/**
 * Milliseconds after which the choice for a revision is read again: an operator may have deleted a pin. A
 * choice that is not final is read again sooner.
 */
const settledAfter = 60_000
const provisionalFor = 5_000
/** Revisions whose choice is in memory; tables that several of them share are there once. */
const remembered = 100

/** How closures are grouped: for one revision always in the same way, whatever tables are made meanwhile. */
export class Layerings {
  readonly #options: LayeringOptions
  readonly #choices = new LRUCache<string, Promise<Layering>>({ max: remembered, ttl: settledAfter })

  #lastUsed: Revision | undefined

  constructor(options: LayeringOptions) {
    this.#options = options
  }

  /** The revision whose layering was last chosen. */
  get lastUsed(): Revision | undefined {
    return this.#lastUsed
  }

  /** From the first call on, a table is the revision's own. @throws StorageFailed */
  choose(revision: Revision): Promise<Layering> {
    this.#lastUsed = revision
    const known = this.#choices.get(revision.id)
    if (known) return known
    const choice = this.#choose(revision)
    this.#choices.set(revision.id, choice)
    choice.then(
      ({ isFinal }) => isFinal || this.#choices.set(revision.id, choice, { ttl: provisionalFor }),
      () => this.#choices.delete(revision.id),
    )
    return choice
  }

  /** What `choose` would answer; nothing is decided by asking. @throws StorageFailed */
  async preview(revision: Revision): Promise<Layering> {
    return this.#with(await this.#options.tables.preview(revision))
  }

  /** Chooses again, unless the choice is final: there is a table that was not there before. */
  async reconsider(revision: Revision): Promise<void> {
    const known = await this.#choices.get(revision.id)
    if (known?.isFinal === true) return
    this.#choices.delete(revision.id)
    await this.choose(revision)
  }

  async #choose(revision: Revision): Promise<Layering> {
    await this.#options.prepare?.(revision)
    return this.#with(await this.#options.tables.choose(revision))
  }

  #with({ table, isFinal }: TableChoice): Layering {
    const { name, strategy, budget, popularity } = this.#options
    const data = sharedDataFor(budget, table, popularity?.counts)
    const bare = sharedDataFor(budget, undefined, popularity?.counts)
    const identity = [name, budget, popularity?.identity ?? '-', table?.identity ?? '-'].join(' ')
    return {
      identity,
      table,
      isFinal,
      plan: (closure) => strategy(closure, data, budget),
      planWithoutTable: (closure) => strategy(closure, bare, budget),
    }
  }
}

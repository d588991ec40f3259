import { LRUCache } from 'lru-cache'
import type { LayerTable } from '../layers/layerTable.ts'
import type { Closure, LayerPlan, LayerStrategy } from '../layers/plan.ts'
import type { PopularityData } from '../layers/popularity.ts'
import { sharedDataFor } from '../layers/sharedData.ts'
import type { Revision } from '../store/revision.ts'
import type { LayerTables } from './layerTables.ts'

/** How closures are grouped, and what tells it from another way. */
export interface Layering {
  /** Part of every image's key. */
  readonly identity: string
  plan(closure: Closure): readonly LayerPlan[]
}

interface LayeringOptions {
  readonly name: string
  readonly strategy: LayerStrategy
  /** Counts that the operator gave. Without them those of the table are used. */
  readonly popularity?: PopularityData | undefined
  /** Most layers of store paths; the root layer comes on top. */
  readonly budget: number
  readonly tables: Pick<LayerTables, 'choose' | 'preview'>
}

/**
 * Milliseconds after which the choice for a revision is read again: where two servers that chose at the same
 * moment differ, both come to the one that was written last.
 */
const settledAfter = 60_000
/** Revisions whose choice is in memory; tables that several of them share are there once. */
const remembered = 100

/** How closures are grouped: for one revision always in the same way, whatever tables are made meanwhile. */
export class Layerings {
  readonly #options: LayeringOptions
  readonly #choices = new LRUCache<string, Promise<Layering>>({ max: remembered, ttl: settledAfter })

  constructor(options: LayeringOptions) {
    this.#options = options
  }

  /** From the first call on, this is the revision's way. @throws StorageFailed */
  choose(revision: Revision): Promise<Layering> {
    const known = this.#choices.get(revision.id)
    if (known) return known
    const choice = this.#options.tables.choose(revision).then((table) => this.#with(table))
    this.#choices.set(revision.id, choice)
    choice.catch(() => this.#choices.delete(revision.id))
    return choice
  }

  /** What `choose` would answer; nothing is decided by asking. @throws StorageFailed */
  async preview(revision: Revision): Promise<Layering> {
    return this.#with(await this.#options.tables.preview(revision))
  }

  #with(table: LayerTable | undefined): Layering {
    const { name, strategy, budget, popularity } = this.#options
    const data = sharedDataFor(budget, table, popularity?.counts)
    const identity = [name, budget, popularity?.identity ?? '-', table?.identity ?? '-'].join(' ')
    return { identity, plan: (closure) => strategy(closure, data, budget) }
  }
}

import { LRUCache } from 'lru-cache'
import type { Package } from '../store/package.ts'
import type { StoredFacts } from '../storage/accessRecords.ts'
import type { ImageOrder, Inventory } from './inventory.ts'

/** What rules about packages need to know, after the evaluation. */
export type EvaluatedImage = Omit<StoredFacts, 'digest'>

/** Most images in memory. */
const remembered = 10_000

/** Finds what is known of the packages of an image. */
export class PackageFacts {
  readonly #inventory: Pick<Inventory, 'evaluated'>
  readonly #known = new LRUCache<string, EvaluatedImage>({ max: remembered })

  constructor(inventory: Pick<Inventory, 'evaluated'>) {
    this.#inventory = inventory
  }

  /** Undefined if a package was not evaluated yet. @throws StorageFailed */
  async of(order: ImageOrder): Promise<EvaluatedImage | undefined> {
    const key = [order.revision.id, order.architecture, order.request.name].join(' ')
    const known = this.#known.get(key)
    if (known) return known
    const packages = await this.#inventory.evaluated(order)
    const facts = packages && { revision: order.revision.id, packages: packages.map(factsOf) }
    if (facts) this.#known.set(key, facts)
    return facts
  }
}

function factsOf({ attribute, resolved, name, meta }: Package): EvaluatedImage['packages'][number] {
  // As builtins.parseDrvName: the version begins with a digit.
  const program = name.replace(/-\d.*$/, '')
  return { attribute, names: [resolved, program], licences: meta.license?.split(' AND ') ?? ['unknown'] }
}

import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Package } from '../store/package.ts'
import type { Revision } from '../store/revision.ts'
import type { System } from '../store/system.ts'
import type { RecordStore } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { Records } from '../storage/records.ts'

/** Attributes that package sets lack: at most two for each revision. */
const rememberedAbsences = 1_000

/** Everything that the result of an evaluation depends on, beside the attribute. */
export interface EvaluationScope {
  readonly revision: Revision
  readonly system: System
  /** `NIXPKGS_*` variables. */
  readonly environment: Readonly<Record<string, string>>
}

/** What attributes evaluated to. For one revision, system and environment, that never changes. */
export class PackageRecords {
  readonly #records: Records<[revision: string, world: string, attribute: string], Package>
  readonly #absent = new LRUCache<string, true>({ max: rememberedAbsences })

  constructor(records: RecordStore) {
    this.#records = new Records(records, layout.packages)
  }

  /** The recorded packages, by attribute. @throws StorageFailed */
  async find(scope: EvaluationScope, attributes: readonly string[]): Promise<ReadonlyMap<string, Package>> {
    const known = new Map<string, Package>()
    const look = async (attribute: string) => {
      const found = await this.#records.get(scope.revision.id, worldOf(scope), attribute)
      if (found) known.set(attribute, found)
    }
    await Promise.all(attributes.map(look))
    return known
  }

  /** Whether the package set is known to lack an attribute. */
  isAbsent(scope: EvaluationScope, attribute: string): boolean {
    return this.#absent.has(absentKey(scope, attribute))
  }

  /** Remembers attributes that images go without. This is not stored: a new server finds it out again. */
  noteAbsent(scope: EvaluationScope, attributes: readonly string[]): void {
    for (const attribute of attributes) this.#absent.set(absentKey(scope, attribute), true)
  }

  /** @throws StorageFailed */
  async save(scope: EvaluationScope, packages: readonly Package[]): Promise<void> {
    const { revision } = scope
    await Promise.all(
      packages.map((one) => this.#records.put([revision.id, worldOf(scope), one.attribute], one)),
    )
  }
}

function absentKey(scope: EvaluationScope, attribute: string): string {
  return [scope.revision.id, worldOf(scope), attribute].join(' ')
}

/** The part of a record's name for everything except revision and attribute. */
function worldOf({ system, environment }: EvaluationScope): string {
  const sorted = Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return sorted.length === 0 ? system : `${system}+${hash(JSON.stringify(sorted))}`
}

function hash(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 16)
}

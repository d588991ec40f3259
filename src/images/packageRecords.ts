import { createHash } from 'node:crypto'
import { z } from 'zod'
import { storePathSchema } from '../store/storePath.ts'
import type { Package } from '../store/package.ts'
import type { Revision } from '../store/revision.ts'
import type { System } from '../store/system.ts'
import type { RecordStore } from '../storage/interfaces.ts'
import { format } from './format.ts'

const text = z.string().exactOptional()
const packageSchema: z.ZodType<Package> = z.object({
  attribute: z.string(),
  resolved: z.string(),
  name: z.string(),
  version: text,
  derivation: storePathSchema,
  outputs: z.array(z.object({ name: z.string(), path: storePathSchema })).min(1),
  meta: z.object({ description: text, homepage: text, license: text, mainProgram: text }),
})

/** The world in which attributes are evaluated. */
export interface EvaluationScope {
  readonly revision: Revision
  readonly system: System
  /** `NIXPKGS_*` variables. */
  readonly environment: Readonly<Record<string, string>>
}

/** What attributes evaluated to: for one revision, system and environment that never changes. */
export class PackageRecords {
  readonly #records: RecordStore

  constructor(records: RecordStore) {
    this.#records = records
  }

  /** The packages that are known, by attribute. @throws StorageFailed */
  async find(scope: EvaluationScope, attributes: readonly string[]): Promise<ReadonlyMap<string, Package>> {
    const known = new Map<string, Package>()
    const look = async (attribute: string) => {
      const parsed = packageSchema.safeParse(await this.#records.get(keyOf(scope, attribute)))
      if (parsed.success) known.set(attribute, parsed.data)
    }
    await Promise.all(attributes.map(look))
    return known
  }

  /** @throws StorageFailed */
  async save(scope: EvaluationScope, packages: readonly Package[]): Promise<void> {
    await Promise.all(packages.map((one) => this.#records.put(keyOf(scope, one.attribute), one)))
  }
}

function keyOf({ revision, system, environment }: EvaluationScope, attribute: string): string {
  const sorted = Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const world = sorted.length === 0 ? system : `${system}+${hash(JSON.stringify(sorted))}`
  return `packages/${format}/${revision.id}/${world}/${attribute}`
}

function hash(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 16)
}

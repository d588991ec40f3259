import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { countNames, type Tree } from '../image/tree.ts'
import { storePathSchema } from '../store/storePath.ts'
import { baseName, type StorePath } from '../store/storePath.ts'
import type { RecordStore } from '../storage/interfaces.ts'
import { format } from './format.ts'
import type { Output } from './outputs.ts'

/** Larger trees are read again out of the store rather than kept: a record is read whole. */
const mostNames = 20_000
/** Outputs in memory, some 100 KB each. */
const remembered = 500

const tree: z.ZodType<Tree> = z.lazy(() =>
  z.array(z.union([z.string(), z.tuple([z.string(), z.union([z.string(), tree])]).readonly()])).readonly(),
)
const outputSchema: z.ZodType<Output> = z.object({
  path: storePathSchema,
  tree,
  propagated: z.array(storePathSchema),
  closure: z.array(
    z.object({
      path: storePathSchema,
      narHash: z.string(),
      narSize: z.number(),
      references: z.array(storePathSchema),
    }),
  ),
})

export class OutputRecords {
  readonly #records: RecordStore
  readonly #memory = new LRUCache<StorePath, Output>({ max: remembered })

  constructor(records: RecordStore) {
    this.#records = records
  }

  /** @throws StorageFailed */
  async find(path: StorePath): Promise<Output | undefined> {
    const known = this.#memory.get(path)
    if (known) return known
    const parsed = outputSchema.safeParse(await this.#records.get(keyOf(path)))
    if (!parsed.success || parsed.data.path !== path) return undefined
    this.#memory.set(path, parsed.data)
    return parsed.data
  }

  /** @throws StorageFailed */
  async save(output: Output): Promise<void> {
    if (countNames(output.tree) > mostNames) return
    await this.#records.put(keyOf(output.path), output)
    this.#memory.set(output.path, output)
  }
}

function keyOf(path: StorePath): string {
  return `outputs/${format}/${baseName(path)}`
}

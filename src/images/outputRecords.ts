import { LRUCache } from 'lru-cache'
import type { RecordStore } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { Records } from '../storage/records.ts'
import type { Output } from '../store/output.ts'
import { baseName, type StorePath } from '../store/storePath.ts'
import { countNames } from '../store/tree.ts'

/**
 * Larger trees are not recorded but read from the store again, because a record is always read as a whole.
 */
const mostNames = 20_000
/** Most outputs in memory, of about 100 KB each. */
const remembered = 500

/** What the outputs of packages consist of. They are looked up in memory, then in the storage. */
export class OutputRecords {
  readonly #records: Records<[storePath: string], Output>
  readonly #memory = new LRUCache<StorePath, Output>({ max: remembered })

  constructor(records: RecordStore) {
    this.#records = new Records(records, layout.outputs)
  }

  /** @throws StorageFailed */
  async find(path: StorePath): Promise<Output | undefined> {
    const known = this.#memory.get(path)
    if (known) return known
    const output = await this.#records.get(baseName(path))
    if (output?.path !== path) return undefined
    this.#memory.set(path, output)
    return output
  }

  /** @throws StorageFailed */
  async save(output: Output): Promise<void> {
    if (countNames(output.tree) > mostNames) return
    await this.#records.put([baseName(output.path)], output)
    this.#memory.set(output.path, output)
  }
}

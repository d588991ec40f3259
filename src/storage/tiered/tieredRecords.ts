import { StorageFailed } from '../../errors.ts'
import { seal, unseal } from '../envelope.ts'
import type { ListsRecords, RecordStore } from '../interfaces.ts'
import { copiedFolders, lastingFolders, type LocalTier } from './localTier.ts'
import type { MemoryTier } from './memoryTier.ts'

const lasting: ReadonlySet<string> = new Set(lastingFolders)
const copied: ReadonlySet<string> = new Set(copiedFolders)

interface Tiers {
  readonly memory: MemoryTier
  readonly local: LocalTier
  readonly bucket: RecordStore & ListsRecords
}

/** Records out of the nearest tier that has them. What is put is there when the bucket has it. */
export class TieredRecords implements RecordStore, ListsRecords {
  readonly #tiers: Tiers

  constructor(tiers: Tiers) {
    this.#tiers = tiers
  }

  async get(key: string): Promise<unknown> {
    const { bucket } = this.#tiers
    if (isIn(lasting, key)) return (await this.#near(key)) ?? this.#fetch(key)
    if (!isIn(copied, key)) return bucket.get(key)
    try {
      return await this.#fetch(key)
    } catch (error) {
      const copy = error instanceof StorageFailed ? await this.#near(key) : undefined
      if (copy === undefined) throw error
      return copy
    }
  }

  async put(key: string, value: unknown): Promise<void> {
    await this.#tiers.bucket.put(key, value)
    if (isIn(copied, key)) await this.#keep(key, value)
  }

  list(folder: string): AsyncIterable<string> {
    return this.#tiers.bucket.list(folder)
  }

  async #near(key: string): Promise<unknown> {
    const { memory, local } = this.#tiers
    const bytes = memory.get(key)
    if (bytes) return unseal(bytes)
    const value = await local.getRecord(key)
    if (value !== undefined) memory.set(key, seal(value))
    return value
  }

  async #fetch(key: string): Promise<unknown> {
    const value = await this.#tiers.bucket.get(key)
    if (value !== undefined) await this.#keep(key, value)
    return value
  }

  async #keep(key: string, value: unknown): Promise<void> {
    this.#tiers.memory.set(key, seal(value))
    await this.#tiers.local.putRecord(key, value)
  }
}

function isIn(folders: ReadonlySet<string>, key: string): boolean {
  return folders.has(key.slice(0, key.indexOf('/')))
}

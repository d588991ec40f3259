import { StorageFailed } from '../../errors.ts'
import { seal, unseal } from '../envelope.ts'
import type { CreatesRecords, ListsRecords, RecordStore } from '../interfaces.ts'
import { copyingOf } from '../copying.ts'
import type { LocalTier } from './localTier.ts'
import type { MemoryTier } from './memoryTier.ts'

interface Tiers {
  readonly memory: MemoryTier
  readonly local: LocalTier
  readonly bucket: RecordStore & CreatesRecords & ListsRecords
}

/** Records from the nearest tier that has them. A record counts as stored when the bucket has it. */
export class TieredRecords implements RecordStore, CreatesRecords, ListsRecords {
  readonly #tiers: Tiers

  constructor(tiers: Tiers) {
    this.#tiers = tiers
  }

  async get(key: string): Promise<unknown> {
    const { bucket } = this.#tiers
    switch (copyingOf(key)) {
      case 'lasting':
        return (await this.#near(key)) ?? this.#fetch(key)
      case 'changing':
        return this.#fetch(key).catch(async (error: unknown) => {
          const copy = error instanceof StorageFailed ? await this.#near(key) : undefined
          if (copy === undefined) throw error
          return copy
        })
      case 'none':
        return bucket.get(key)
    }
  }

  async put(key: string, value: unknown): Promise<void> {
    await this.#tiers.bucket.put(key, value)
    if (copyingOf(key) !== 'none') await this.#keep(key, value)
  }

  async create(key: string, value: unknown): Promise<boolean> {
    const created = await this.#tiers.bucket.create(key, value)
    if (created && copyingOf(key) !== 'none') await this.#keep(key, value)
    return created
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

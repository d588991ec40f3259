import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { InvalidData } from '../errors.ts'
import { decodeLayerTable, encodeLayerTable, type LayerTable } from '../layers/layerTable.ts'
import type { Revision } from '../store/revision.ts'
import { hexOf } from '../oci/digest.ts'
import type { ListsRecords, RecordStore } from '../storage/interfaces.ts'

const contents = 'popularity/tables'
const offers = 'popularity/offers'
const pins = 'popularity/pins'

/** Tables in memory, some megabytes each: those of revisions that are in use side by side. */
const remembered = 4

const hex = z.string().regex(/^[0-9a-f]{64}$/)
const offerSchema = z.object({ table: hex, revision: z.string().optional() })
const pinSchema = z.object({ table: hex.nullable() })

/**
 * Layer tables in the storage that servers share. A table is offered; for each revision the first that is chosen, or
 * that there was none, is written down, and stays: images of one revision are grouped in one way for ever.
 */
export class LayerTables {
  readonly #records: RecordStore & ListsRecords
  readonly #decoded = new LRUCache<string, LayerTable>({ max: remembered })

  constructor(records: RecordStore & ListsRecords) {
    this.#records = records
  }

  /** Keeps a table for revisions that are seen from now on. @throws StorageFailed */
  async offer(table: LayerTable): Promise<void> {
    const id = hexOf(table.identity)
    // Content first, then what names it. The table decides what it is for: a later offer of the same is a later offer.
    await this.#records.put(`${contents}/${id}`, encodeLayerTable(table))
    await this.#records.put(`${offers}/${timeKey(table.made)}-${id.slice(0, 16)}`, {
      table: id,
      ...(table.revision === undefined ? {} : { revision: table.revision }),
    })
  }

  /** The table for a revision; undefined is a choice too. What is chosen first is chosen for ever. @throws StorageFailed */
  async choose(revision: Revision): Promise<LayerTable | undefined> {
    const key = `${pins}/${revision.id}`
    const pinned = await this.#pinned(key)
    if (pinned) return pinned.table
    const chosen = await this.#newest(revision)
    await this.#records.put(key, { table: chosen ? hexOf(chosen.identity) : null })
    // Another server may have chosen meanwhile.
    const agreed = await this.#pinned(key)
    return agreed ? agreed.table : chosen
  }

  /** What `choose` would answer. @throws StorageFailed */
  async preview(revision: Revision): Promise<LayerTable | undefined> {
    const pinned = await this.#pinned(`${pins}/${revision.id}`)
    return pinned ? pinned.table : this.#newest(revision)
  }

  /** Undefined where nothing is chosen, or the chosen table cannot be read any more. */
  async #pinned(key: string): Promise<{ readonly table: LayerTable | undefined } | undefined> {
    const parsed = pinSchema.safeParse(await this.#records.get(key))
    if (!parsed.success) return undefined
    if (parsed.data.table === null) return { table: undefined }
    const table = await this.#read(parsed.data.table)
    return table && { table }
  }

  /** A table made of the revision itself; else the newest that can be read. */
  async #newest(revision: Revision): Promise<LayerTable | undefined> {
    const keys = (await Array.fromAsync(this.#records.list(offers))).toSorted().toReversed()
    const found = await Promise.all(
      keys.map(async (key) => offerSchema.safeParse(await this.#records.get(key)).data),
    )
    const known = found.filter((offer) => offer !== undefined)
    const own = known.filter((offer) => offer.revision === revision.id)
    for (const { table: id } of [...own, ...known]) {
      const table = await this.#read(id)
      if (table) return table
    }
    return undefined
  }

  async #read(id: string): Promise<LayerTable | undefined> {
    const known = this.#decoded.get(id)
    if (known) return known
    const value = await this.#records.get(`${contents}/${id}`)
    if (value === undefined) return undefined
    try {
      const table = decodeLayerTable(value, id)
      if (hexOf(table.identity) !== id) return undefined
      this.#decoded.set(id, table)
      return table
    } catch (error) {
      // A table of another version of this program, or a damaged one, is no table.
      if (error instanceof InvalidData) return undefined
      throw error
    }
  }
}

/** Sorts as time does, and is a legal part of a key. */
function timeKey(made: string): string {
  return new Date(made).toISOString().replace(/[^0-9]/g, '')
}

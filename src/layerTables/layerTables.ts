import { LRUCache } from 'lru-cache'
import { InvalidData } from '../errors.ts'
import { decodeLayerTable, encodeLayerTable, type LayerTable } from '../layers/layerTable.ts'
import type { Revision } from '../store/revision.ts'
import { hexOf } from '../oci/digest.ts'
import type { ListsRecords, RecordStore } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import type { LayerTableOffer, LayerTablePin } from '../storage/recordValues.ts'
import { namesOf, Records } from '../storage/records.ts'

/** Tables in memory, some megabytes each: those of revisions that are in use side by side. */
const remembered = 4

/**
 * Layer tables in the storage that servers share. A table is offered; for each revision the first that is
 * chosen, or that there was none, is written down, and stays: images of one revision are grouped in one way
 * for ever.
 */
export class LayerTables {
  readonly #records: ListsRecords
  readonly #tables: Records<[identity: string], unknown>
  readonly #offers: Records<[timeAndTable: string], LayerTableOffer>
  readonly #pins: Records<[revision: string], LayerTablePin>
  readonly #decoded = new LRUCache<string, LayerTable>({ max: remembered })

  constructor(records: RecordStore & ListsRecords) {
    this.#records = records
    this.#tables = new Records(records, layout.layerTables)
    this.#offers = new Records(records, layout.layerTableOffers)
    this.#pins = new Records(records, layout.layerTablePins)
  }

  /** Keeps a table for revisions that are seen from now on. @throws StorageFailed */
  async offer(table: LayerTable): Promise<void> {
    const id = hexOf(table.identity)
    // Content first, then what names it. The table decides what it is for: a later offer of the same is a
    // later offer.
    await this.#tables.put([id], encodeLayerTable(table))
    await this.#offers.put([`${timeKey(table.made)}-${id.slice(0, 16)}`], {
      table: id,
      ...(table.revision === undefined ? {} : { revision: table.revision }),
    })
  }

  /**
   * The table for a revision; undefined is a choice too. What is chosen first is chosen for ever. @throws
   * StorageFailed
   */
  async choose(revision: Revision): Promise<LayerTable | undefined> {
    const pinned = await this.#pinned(revision)
    if (pinned) return pinned.table
    const chosen = await this.#newest(revision)
    await this.#pins.put([revision.id], { table: chosen ? hexOf(chosen.identity) : null })
    // Another server may have chosen meanwhile.
    const agreed = await this.#pinned(revision)
    return agreed ? agreed.table : chosen
  }

  /** What `choose` would answer. @throws StorageFailed */
  async preview(revision: Revision): Promise<LayerTable | undefined> {
    const pinned = await this.#pinned(revision)
    return pinned ? pinned.table : this.#newest(revision)
  }

  /** Undefined where nothing is chosen, or the chosen table cannot be read any more. */
  async #pinned({ id }: Revision): Promise<{ readonly table: LayerTable | undefined } | undefined> {
    const pin = await this.#pins.get(id)
    if (!pin) return undefined
    if (pin.table === null) return { table: undefined }
    const table = await this.#read(pin.table)
    return table && { table }
  }

  /** A table made of the revision itself; else the newest that can be read. */
  async #newest(revision: Revision): Promise<LayerTable | undefined> {
    const names = await Array.fromAsync(namesOf(this.#records, layout.layerTableOffers), ([name]) => name)
    const newestFirst = names.toSorted().toReversed()
    const found = await Promise.all(newestFirst.map((name) => this.#offers.get(name)))
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
    const value = await this.#tables.get(id)
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

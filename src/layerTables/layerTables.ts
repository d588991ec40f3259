import { LRUCache } from 'lru-cache'
import { InvalidData, StorageFailed } from '../errors.ts'
import { decodeLayerTable, encodeLayerTable, type LayerTable } from '../layers/layerTable.ts'
import type { Revision } from '../store/revision.ts'
import { hexOf } from '../oci/digest.ts'
import type { CreatesRecords, ListsRecords, RecordStore } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import type { LayerTableOffer, LayerTablePin, ProvisionalPin } from '../storage/recordValues.ts'
import { createRecord, namesOf, Records } from '../storage/records.ts'

/** Tables in memory, some megabytes each: those of revisions that are in use side by side. */
const remembered = 4

/** What a revision is grouped with. */
export interface TableChoice {
  /** Undefined: without a table. */
  readonly table: LayerTable | undefined
  /** False if the first table of the source takes the place of this choice. */
  readonly isFinal: boolean
}

/**
 * Layer tables in the storage that servers share. Tables are offered. The first image of a revision pins one
 * of them, and all later images of the revision are grouped by the same. If its source has no table yet, they
 * are grouped without one until there is the first.
 */
export class LayerTables {
  readonly #records: CreatesRecords & ListsRecords
  readonly #source: string
  readonly #tables: Records<[identity: string], unknown>
  readonly #offers: Records<[timeAndTable: string], LayerTableOffer>
  readonly #pins: Records<[revision: string], LayerTablePin>
  readonly #provisional: Records<[revision: string], ProvisionalPin>
  readonly #decoded = new LRUCache<string, LayerTable>({ max: remembered })

  /** @param source the id of the source that the revisions are of (`sourceId`) */
  constructor(records: RecordStore & CreatesRecords & ListsRecords, source: string) {
    this.#records = records
    this.#source = source
    this.#tables = new Records(records, layout.layerTables)
    this.#offers = new Records(records, layout.layerTableOffers)
    this.#pins = new Records(records, layout.layerTablePins)
    this.#provisional = new Records(records, layout.provisionalPins)
  }

  /** Keeps a table for revisions of this source that have none yet. @throws StorageFailed */
  async offer(table: LayerTable): Promise<void> {
    await this.#offer(table, this.#source)
  }

  /** Keeps a table for revisions of any source. @throws StorageFailed */
  async offerToAll(table: LayerTable): Promise<void> {
    await this.#offer(table, undefined)
  }

  async #offer(table: LayerTable, source: string | undefined): Promise<void> {
    const id = hexOf(table.identity)
    // Content first, then what names it. The table decides what it is for: a later offer of the same is a
    // later offer.
    await this.#tables.put([id], encodeLayerTable(table))
    await this.#offers.put([`${timeKey(table.made)}-${id.slice(0, 16)}`], {
      table: id,
      ...(table.revision === undefined ? {} : { revision: table.revision }),
      ...(source === undefined ? {} : { source }),
    })
  }

  /** The table for a revision. It is pinned: later calls answer the same. @throws StorageFailed */
  async choose(revision: Revision): Promise<TableChoice> {
    const pin = await this.#pins.get(revision.id).catch((error: unknown) => this.#whileDown(revision, error))
    if (pin === 'provisional') return { table: undefined, isFinal: false }
    const pinned = pin && (await this.#tableOf(pin))
    if (pinned) return pinned
    const table = await this.newest(revision.id)
    if (!table) return this.#wait(revision)
    const own: LayerTablePin = { table: hexOf(table.identity) }
    // A pin whose table cannot be read is none: it is replaced. Otherwise the first pin stays.
    if (pin) await this.#pins.put([revision.id], own)
    else if (!(await createRecord(this.#records, layout.layerTablePins, [revision.id], own))) {
      const agreed = await this.#pins.get(revision.id)
      return (agreed && (await this.#tableOf(agreed))) ?? { table, isFinal: false }
    }
    return { table, isFinal: true }
  }

  /** What `choose` would answer. Decides nothing. @throws StorageFailed */
  async preview(revision: Revision): Promise<TableChoice> {
    const pin = await this.#pins.get(revision.id)
    const pinned = pin && (await this.#tableOf(pin))
    if (pinned) return pinned
    const table = await this.newest(revision.id)
    return { table, isFinal: table !== undefined }
  }

  /** Whether the choice for a revision is made and does not change any more. @throws StorageFailed */
  async isPinned({ id }: Revision): Promise<boolean> {
    const pin = await this.#pins.get(id)
    return pin !== undefined && (await this.#tableOf(pin)) !== undefined
  }

  /**
   * The newest table of this source, or one for all sources, that can be read.
   * @param revision the id of a revision: a table that was made of it comes first
   * @throws StorageFailed
   */
  async newest(revision?: string): Promise<LayerTable | undefined> {
    const names = await Array.fromAsync(namesOf(this.#records, layout.layerTableOffers), ([name]) => name)
    const newestFirst = names.toSorted().toReversed()
    const found = await Promise.all(newestFirst.map((name) => this.#offers.get(name)))
    const known = found.filter((offer) => offer !== undefined)
    const own = known.filter((offer) => revision !== undefined && offer.revision === revision)
    const fitting = known.filter(({ source }) => source === undefined || source === this.#source)
    for (const { table: id } of [...own, ...fitting]) {
      const table = await this.#read(id)
      if (table) return table
    }
    return undefined
  }

  /** There is no table yet. The record lets a copy answer while the storage is down. */
  async #wait({ id }: Revision): Promise<TableChoice> {
    if (!(await this.#provisional.get(id))) {
      await this.#provisional.put([id], { since: new Date().toISOString() })
    }
    return { table: undefined, isFinal: false }
  }

  async #whileDown({ id }: Revision, error: unknown): Promise<'provisional'> {
    const waits = error instanceof StorageFailed && (await this.#provisional.get(id).catch(() => undefined))
    if (!waits) throw error
    return 'provisional'
  }

  /** Undefined if the table cannot be read any more. */
  async #tableOf(pin: LayerTablePin): Promise<TableChoice | undefined> {
    if (pin.table === null) return { table: undefined, isFinal: true }
    const table = await this.#read(pin.table)
    return table && { table, isFinal: true }
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

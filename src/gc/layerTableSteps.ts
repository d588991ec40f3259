import type { Storage, StoredObject } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { folderOf, Records } from '../storage/records.ts'
import type { Step } from './sweeper.ts'

/**
 * Offers that are kept for each source, the newest ones. Only the newest is used; the others are for the case
 * that its table cannot be read.
 */
const offersKept = 3
/** Milliseconds for which it is remembered who made the table of a day. */
const claimsKept = 2 * 24 * 3600_000

/**
 * Finds what layer tables leave behind: offers that newer ones have replaced, tables that neither a pin nor
 * an offer names, and notes of who made the table of a day. Pins stay: without its pin, a revision could get
 * another table, and its images other digests.
 */
export class LayerTableSteps {
  readonly #storage: Pick<Storage, 'records' | 'objects'>
  /** Tables that pins name, by the key of the pin and when it was put. A pin is read once. */
  #pinned: ReadonlyMap<string, string | null | undefined> = new Map()

  constructor(storage: Pick<Storage, 'records' | 'objects'>) {
    this.#storage = storage
  }

  /**
   * @param now ms since 1970, by the storage's clock @param grace seconds in which young records stay
   * @throws StorageFailed
   */
  async find(now: number, grace: number): Promise<readonly Step[]> {
    const [tables, offers, pins, claims] = await Promise.all([
      this.#list(folderOf(layout.layerTables)),
      this.#list(folderOf(layout.layerTableOffers)),
      this.#list(folderOf(layout.layerTablePins)),
      this.#list(folderOf(layout.tableGrowthClaims)),
    ])
    const replaced: StoredObject[] = []
    // A replaced offer protects its table until the next collection: a server may be choosing it now.
    const pinned = await this.#tablesOf(pins)
    const named = new Set(pinned)
    const kept = new Map<string | undefined, number>()
    const records = new Records(this.#storage.records, layout.layerTableOffers)
    for (const offer of offers.toSorted((a, b) => (a.key < b.key ? 1 : -1))) {
      const found = await records.get(nameIn(offer, folderOf(layout.layerTableOffers)))
      named.add(found?.table)
      if (!found) continue
      const count = (kept.get(found.source) ?? 0) + 1
      kept.set(found.source, count)
      if (count > offersKept) replaced.push(offer)
    }
    // What a record that makes no sense would name is not known.
    const unnamed = named.has(undefined)
      ? []
      : tables.filter((table) => !named.has(nameIn(table, folderOf(layout.layerTables))))
    const isOld = ({ modified }: StoredObject) => modified < now - grace * 1000
    const oldClaims = claims.filter(({ modified }) => modified < now - claimsKept)
    return [...[...replaced, ...unnamed].filter(isOld), ...oldClaims].map(stepOf)
  }

  /** Undefined for a pin that makes no sense, null for one without a table. */
  async #tablesOf(pins: readonly StoredObject[]): Promise<readonly (string | null | undefined)[]> {
    const records = new Records(this.#storage.records, layout.layerTablePins)
    const pinned = new Map<string, string | null | undefined>()
    for (const pin of pins) {
      const id = `${pin.key} ${pin.modified}`
      const known = this.#pinned.get(id)
      const name = nameIn(pin, folderOf(layout.layerTablePins))
      pinned.set(id, known === undefined ? (await records.get(name))?.table : known)
    }
    this.#pinned = pinned
    return [...pinned.values()]
  }

  #list(folder: string): Promise<readonly StoredObject[]> {
    return Array.fromAsync(this.#storage.objects.list(folder))
  }
}

function nameIn({ key }: StoredObject, folder: string): string {
  return key.slice(folder.length + 1)
}

function stepOf({ key, size }: StoredObject): Step {
  return { kind: 'record', key, size }
}

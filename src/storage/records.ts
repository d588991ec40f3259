import { StorageFailed } from '../errors.ts'
import type { CreatesRecords, ListsRecords, RecordStore } from './interfaces.ts'
import type { RecordFolder, RecordKind } from './layout.ts'

/**
 * Where all records of a kind lie; with the first parts of their name, those whose name begins with these.
 */
export function folderOf(
  { folder, generation }: RecordFolder,
  ...parts: readonly (string | undefined)[]
): string {
  return [folder, generation, ...parts].filter((part) => part !== undefined).join('/')
}

/** What a record is called among everything that is kept. */
export function recordKey<Name extends readonly string[]>(kind: RecordFolder<Name>, ...name: Name): string {
  return [folderOf(kind, ...name), kind.only].filter((part) => part !== undefined).join('/')
}

/** The records of one kind. What is read is checked: a damaged record, or one of another shape, is a miss. */
export class Records<Name extends readonly string[], Value> {
  readonly #records: RecordStore
  readonly #kind: RecordKind<Name, Value>

  constructor(records: RecordStore, kind: RecordKind<Name, Value>) {
    this.#records = records
    this.#kind = kind
  }

  /** @throws StorageFailed */
  async get(...name: Name): Promise<Value | undefined> {
    return this.#kind.schema.safeParse(await this.#records.get(recordKey(this.#kind, ...name))).data
  }

  /**
   * Like `get`, for records that must not be misread. @throws StorageFailed also if the record has another
   * shape
   */
  async getSound(...name: Name): Promise<Value | undefined> {
    const key = recordKey(this.#kind, ...name)
    const value = await this.#records.get(key)
    if (value === undefined) return undefined
    const parsed = this.#kind.schema.safeParse(value)
    if (!parsed.success) throw new StorageFailed(`the record ${key} makes no sense`)
    return parsed.data
  }

  /** @throws StorageFailed */
  async put(name: Name, value: Value): Promise<void> {
    await this.#records.put(recordKey(this.#kind, ...name), value)
  }
}

/**
 * Puts a record unless there is another one of that name.
 * @returns whether the record has this value now @throws StorageFailed
 */
export function createRecord<Name extends readonly string[], Value>(
  records: CreatesRecords,
  kind: RecordKind<Name, Value>,
  name: Name,
  value: Value,
): Promise<boolean> {
  return records.create(recordKey(kind, ...name), value)
}

/** The names of all records of a kind that begin with some parts, in no order. @throws StorageFailed */
export async function* namesOf<Name extends readonly string[]>(
  records: ListsRecords,
  kind: RecordFolder<Name>,
  ...parts: Partial<Name>
): AsyncIterable<Name> {
  const prefix = `${folderOf(kind)}/`
  for await (const key of records.list(folderOf(kind, ...parts))) {
    // A kind's records have names of its own form: whoever puts one is bound to `recordKey`.
    yield key.slice(prefix.length).split('/') as readonly string[] as Name
  }
}

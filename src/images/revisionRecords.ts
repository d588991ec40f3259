import { z } from 'zod'
import type { RecordStore } from '../storage/interfaces.ts'
import { format } from './format.ts'

/** What is known of a revision. `created` in seconds since 1970, 0 where it is not known. */
export interface RevisionRecord {
  readonly created: number
}

const schema = z.object({ created: z.number() })

export class RevisionRecords {
  readonly #records: RecordStore

  constructor(records: RecordStore) {
    this.#records = records
  }

  /** @throws StorageFailed */
  async find(id: string): Promise<RevisionRecord | undefined> {
    return schema.safeParse(await this.#records.get(`revisions/${format}/${id}`)).data
  }

  /** @throws StorageFailed */
  async save(id: string, record: RevisionRecord): Promise<void> {
    if (!(await this.find(id))) await this.#records.put(`revisions/${format}/${id}`, record)
  }
}

import { readFile, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { seal, unseal } from '../envelope.ts'
import type { ListsRecords, RecordStore } from '../interfaces.ts'
import { checkFolder, checkKey } from '../key.ts'
import { AtomicFile } from './atomicFile.ts'
import { failed, unlessMissing } from './faults.ts'

/** Records as files named by their key. */
export class FilesystemRecords implements RecordStore, ListsRecords {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async get(key: string): Promise<unknown> {
    checkKey(key)
    const bytes = await unlessMissing(readFile(join(this.#root, key)))
    return bytes && unseal(bytes)
  }

  async put(key: string, value: unknown): Promise<void> {
    checkKey(key)
    const file = await AtomicFile.create(join(this.#root, 'tmp')).catch(failed)
    try {
      await file.handle.writeFile(seal(value))
      await file.commit(join(this.#root, key))
    } catch (error) {
      await file.abandon()
      failed(error)
    }
  }

  async *list(folder: string): AsyncIterable<string> {
    checkFolder(folder)
    const options = { recursive: true, withFileTypes: true } as const
    const entries = (await unlessMissing(readdir(join(this.#root, folder), options))) ?? []
    for (const entry of entries) {
      if (entry.isFile()) yield relative(this.#root, join(entry.parentPath, entry.name))
    }
  }
}

import { constants } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seal, unseal } from '../envelope.ts'
import type { CreatesRecords, ListsRecords, RecordStore } from '../interfaces.ts'
import { checkFolder, checkKey } from '../key.ts'
import { isSecret } from '../copying.ts'
import { temporaryFolder } from '../layout.ts'
import { AtomicFile } from './atomicFile.ts'
import { failed, unlessMissing } from './faults.ts'
import { filesBelow } from './filesBelow.ts'
import { privateModes, type Modes } from './modes.ts'

/** Records as files named by their key. */
export class FilesystemRecords implements RecordStore, CreatesRecords, ListsRecords {
  readonly #root: string
  readonly #modes: Modes

  constructor(root: string, modes: Modes) {
    this.#root = root
    this.#modes = modes
  }

  async get(key: string): Promise<unknown> {
    checkKey(key)
    const bytes = await unlessMissing(
      readFile(join(this.#root, key), { flag: constants.O_RDONLY | constants.O_NOFOLLOW }),
    )
    return bytes && unseal(bytes)
  }

  async put(key: string, value: unknown): Promise<void> {
    await this.#write(key, value, (file, path) => file.commit(path))
  }

  async create(key: string, value: unknown): Promise<boolean> {
    if (await this.#write(key, value, (file, path) => file.commitNew(path))) return true
    const there = await unlessMissing(readFile(join(this.#root, key)))
    return there?.equals(seal(value)) === true
  }

  async #write<T>(
    key: string,
    value: unknown,
    commit: (file: AtomicFile, path: string) => Promise<T>,
  ): Promise<T> {
    checkKey(key)
    const modes = isSecret(key) ? privateModes : this.#modes
    const file = await AtomicFile.create(join(this.#root, temporaryFolder), modes).catch(failed)
    try {
      await file.handle.writeFile(seal(value))
      return await commit(file, join(this.#root, key))
    } catch (error) {
      await file.abandon()
      return failed(error)
    }
  }

  async *list(folder: string): AsyncIterable<string> {
    checkFolder(folder)
    yield* filesBelow(this.#root, folder)
  }
}

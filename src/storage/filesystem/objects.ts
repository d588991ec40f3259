import { rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Prunable, StoredObject } from '../interfaces.ts'
import { checkFolder, checkKey, isKey } from '../key.ts'
import { unlessMissing } from './faults.ts'
import { filesBelow } from './filesBelow.ts'

/** All files of the storage, blobs and records alike. */
export class FilesystemObjects implements Prunable {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async *list(folder: string): AsyncIterable<StoredObject> {
    checkFolder(folder)
    for await (const key of filesBelow(this.#root, folder)) {
      if (!isKey(key)) continue
      const stats = await unlessMissing(stat(join(this.#root, key)))
      if (stats) yield { key, size: stats.size, modified: stats.mtimeMs }
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key)
    await unlessMissing(unlink(join(this.#root, key)))
    await this.#removeEmpty(dirname(key))
  }

  /** Removes empty folders, but not those of the layout. A writer creates its folder again. */
  async #removeEmpty(folder: string): Promise<void> {
    if (!folder.includes('/')) return
    const removed = await rmdir(join(this.#root, folder)).then(
      () => true,
      () => false,
    )
    if (removed) await this.#removeEmpty(dirname(folder))
  }
}

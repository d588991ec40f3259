import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Bytes of real programs, libraries and data, file after file, over and over: as compressible as what images
 * are made of.
 */
export class RealBytes {
  readonly #files: readonly string[]
  #next = 0
  #open: number | undefined

  /** @param folders whose files, in the order of their names, are read */
  constructor(folders: readonly string[]) {
    this.#files = folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .toSorted(),
    )
    if (this.#files.length === 0) throw new Error('there are no files to read')
  }

  take(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count)
    for (let filled = 0; filled < count;) {
      this.#open ??= openSync(this.#files[this.#next++ % this.#files.length] ?? '', 'r')
      const read = readSync(this.#open, bytes, filled, count - filled, null)
      filled += read
      if (read === 0) this.close()
    }
    return bytes
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open)
    this.#open = undefined
  }
}

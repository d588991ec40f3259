import { mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMissing } from '../../work/errno.ts'
import { ownedName } from '../../work/owner.ts'
import { unlessMissing } from './faults.ts'

/**
 * A file that appears under its name whole or not at all: written beside its place, flushed to the disk, renamed.
 * It is the caller's to `commit` or `abandon` it.
 */
export class AtomicFile {
  readonly handle: FileHandle
  readonly #temporary: string

  private constructor(handle: FileHandle, temporary: string) {
    this.handle = handle
    this.#temporary = temporary
  }

  /** @param folder where the temporary file goes: on the file system of the final place. */
  static async create(folder: string): Promise<AtomicFile> {
    const temporary = join(folder, await ownedName())
    // Somebody may have emptied the storage while the server runs.
    await mkdir(folder, { recursive: true })
    return new AtomicFile(await open(temporary, 'wx', 0o644), temporary)
  }

  /** Where it lies until it is committed. */
  get path(): string {
    return this.#temporary
  }

  async commit(path: string): Promise<void> {
    await this.handle.sync()
    await this.handle.close()
    await this.#moveTo(path)
    // Without the folder the file is gone too: it was deleted meanwhile.
    await unlessMissing(syncFolder(dirname(path)))
  }

  /** Somebody who deletes may remove the folder, being empty, just before the file gets into it. */
  async #moveTo(path: string, attempts = 20): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true })
      await rename(this.#temporary, path)
    } catch (error) {
      if (attempts === 1 || !isMissing(error)) throw error
      await this.#moveTo(path, attempts - 1)
    }
  }

  /** Removes what was written. Safe after a failed commit. */
  async abandon(): Promise<void> {
    await this.handle.close().catch(() => undefined)
    await unlink(this.#temporary).catch(() => undefined)
  }
}

/** A rename is durable only when the folder that holds the name is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

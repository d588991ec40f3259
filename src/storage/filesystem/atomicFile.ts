import { link, mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf, isMissing } from '../../work/errno.ts'
import { ownedName } from '../../work/owner.ts'
import { unlessMissing } from './faults.ts'
import { privateModes, type Modes } from './modes.ts'

/**
 * A file that appears under its name complete or not at all: it is written elsewhere, flushed to the disk and
 * renamed. The caller must `commit` or `abandon` it.
 */
export class AtomicFile {
  readonly handle: FileHandle
  readonly #temporary: string
  readonly #modes: Modes

  private constructor(handle: FileHandle, temporary: string, modes: Modes) {
    this.#modes = modes
    this.handle = handle
    this.#temporary = temporary
  }

  /**
   * @param folder for the temporary file, on the file system of the final place
   * @param modes of the file, and of folders that are missing
   */
  static async create(folder: string, modes: Modes = privateModes): Promise<AtomicFile> {
    const temporary = join(folder, await ownedName())
    // Somebody may have emptied the storage while the server runs.
    await mkdir(folder, { recursive: true, mode: modes.folder })
    return new AtomicFile(await open(temporary, 'wx', modes.file), temporary, modes)
  }

  /** Where the file is until it is committed. */
  get path(): string {
    return this.#temporary
  }

  async commit(path: string): Promise<void> {
    await this.#finish()
    await this.#inFolderOf(path, () => rename(this.#temporary, path))
    await keepName(path)
  }

  /** Like `commit`, unless there is a file of that name. @returns whether there was none */
  async commitNew(path: string): Promise<boolean> {
    await this.#finish()
    try {
      // Unlike a renamed file, a link never replaces another file.
      await this.#inFolderOf(path, () => link(this.#temporary, path))
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    } finally {
      await unlink(this.#temporary).catch(() => undefined)
    }
    await keepName(path)
    return true
  }

  /** A deletion may remove the empty folder just before the file gets its name in it. */
  async #inFolderOf(path: string, name: () => Promise<void>, attempts = 20): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: this.#modes.folder })
      await name()
    } catch (error) {
      if (attempts === 1 || !isMissing(error)) throw error
      await this.#inFolderOf(path, name, attempts - 1)
    }
  }

  async #finish(): Promise<void> {
    await this.handle.sync()
    await this.handle.close()
  }

  /** Removes what was written. Safe after a failed commit. */
  async abandon(): Promise<void> {
    await this.handle.close().catch(() => undefined)
    await unlink(this.#temporary).catch(() => undefined)
  }
}

/** If the folder is gone, so is the file: it has been deleted meanwhile. */
async function keepName(path: string): Promise<void> {
  await unlessMissing(syncFolder(dirname(path)))
}

/** A rename survives a power failure only if the folder is flushed too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

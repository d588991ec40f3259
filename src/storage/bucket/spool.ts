import { mkdir } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { AtomicFile } from '../filesystem/atomicFile.ts'
import { failed } from '../filesystem/faults.ts'
import { HashingSink } from '../filesystem/hashingSink.ts'
import { sweepTemporaries } from '../filesystem/temporary.ts'
import type { BlobFile } from './bucket.ts'

/**
 * Where blobs wait on the local disk until they are whole. Only then are name, size and sum known; so a blob goes to the
 * bucket under its own name, once, every part of it can be sent again, and of a writer that fails nothing gets there.
 */
export class Spool {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Removes what a server that was killed left in the folder. @throws StorageFailed */
  static async open(folder: string): Promise<Spool> {
    try {
      await mkdir(folder, { recursive: true })
      await sweepTemporaries(folder)
    } catch (error) {
      failed(error)
    }
    return new Spool(folder)
  }

  /** The file is there until `use` is done. @throws StorageFailed, and what `write` and `use` throw */
  async withFile<T>(
    write: (sink: Writable) => Promise<void>,
    use: (file: BlobFile) => Promise<T>,
  ): Promise<T> {
    const file = await AtomicFile.create(this.#folder).catch(failed)
    const sink = new HashingSink(file)
    try {
      await write(sink)
      const { digest, size } = await sink.finished()
      return await use({ path: file.path, digest, size })
    } finally {
      sink.destroy()
      await file.abandon()
    }
  }
}

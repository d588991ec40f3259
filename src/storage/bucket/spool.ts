import { mkdir } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { AtomicFile } from '../filesystem/atomicFile.ts'
import { failed } from '../filesystem/faults.ts'
import { HashingSink } from '../filesystem/hashingSink.ts'
import { sweepTemporaries } from '../filesystem/temporary.ts'
import type { SpooledBlob } from './bucket.ts'

/**
 * Keeps blobs on the local disk until they are complete. Only then are their name, size and checksum known.
 * So a blob is uploaded once, under its own name, each part can be sent again, and nothing of a failed write
 * reaches the bucket.
 */
export class Spool {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Removes what a killed server left in the folder. @throws StorageFailed */
  static async open(folder: string): Promise<Spool> {
    try {
      await mkdir(folder, { recursive: true })
      await sweepTemporaries(folder)
    } catch (error) {
      failed(error)
    }
    return new Spool(folder)
  }

  /** The file exists until `use` has finished. @throws StorageFailed, and what `write` and `use` throw */
  async withFile<T>(
    write: (sink: Writable) => Promise<void>,
    use: (file: SpooledBlob) => Promise<T>,
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

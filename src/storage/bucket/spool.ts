import { mkdir } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { AtomicFile } from '../filesystem/atomicFile.ts'
import { failed } from '../filesystem/faults.ts'
import { HashingSink } from '../filesystem/hashingSink.ts'
import { sweepTemporaries } from '../filesystem/temporary.ts'
import type { SpooledBlob } from './bucket.ts'

/**
 * A folder on the local disk for blobs that are being written. Name, size and checksum are known only when a
 * blob is complete. Then it is put into the bucket once, under its own name, and every part of it can be sent
 * again. If a writer fails, nothing gets into the bucket.
 */
export class Spool {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Opens the folder and removes what a killed server left in it. @throws StorageFailed */
  static async open(folder: string): Promise<Spool> {
    try {
      await mkdir(folder, { recursive: true })
      await sweepTemporaries(folder)
    } catch (error) {
      failed(error)
    }
    return new Spool(folder)
  }

  /** Keeps the file until `use` is done. @throws StorageFailed, and what `write` and `use` throw */
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

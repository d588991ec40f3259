import type { FileHandle } from 'node:fs/promises'
import { StorageFailed } from '../../errors.ts'
import type { BlobFile } from '../interfaces.ts'
import { failed } from './faults.ts'

/** An open file of a blob. */
export class OpenFile implements BlobFile {
  readonly #handle: FileHandle
  readonly #size: number

  /** @param size of the file, in bytes */
  constructor(handle: FileHandle, size: number) {
    this.#handle = handle
    this.#size = size
  }

  async read(buffer: Uint8Array, position: number): Promise<void> {
    for (let filled = 0; filled < buffer.length;) {
      const rest = buffer.length - filled
      const { bytesRead } = await this.#handle.read(buffer, filled, rest, position + filled).catch(failed)
      if (bytesRead === 0)
        throw new StorageFailed(`the storage does not work: a blob of ${this.#size} bytes was cut short`)
      filled += bytesRead
    }
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(failed)
  }
}

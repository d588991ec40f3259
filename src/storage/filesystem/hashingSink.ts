import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { callbackify } from 'node:util'
import { toDigest } from '../../oci/digest.ts'
import type { StoredBlob } from '../interfaces.ts'
import type { AtomicFile } from './atomicFile.ts'
import { failed } from './faults.ts'

/** Bytes that may wait for the disk before the writer has to wait. */
const waiting = 4 << 20

/** Writes to a file, and hashes and counts the bytes. Reports StorageFailed to its writer. */
export class HashingSink extends Writable {
  /** A chunk is not used after its callback: the writer may reuse its memory (`Packer.pack`). */
  readonly forgetsChunks = true
  readonly #hash = createHash('sha256')
  readonly #file: AtomicFile
  #size = 0

  constructor(file: AtomicFile) {
    super({ highWaterMark: waiting })
    this.#file = file
    // `finished` and the writer's callbacks report the error. Without a listener it would end the process.
    this.on('error', () => undefined)
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    callbackify(() => this.#append(chunk))(done)
  }

  async #append(chunk: Buffer): Promise<void> {
    this.#hash.update(chunk)
    this.#size += chunk.length
    // `writeFile` would write small pieces.
    for (let from = 0; from < chunk.length;) {
      from += (await this.#file.handle.write(chunk, from).catch(failed)).bytesWritten
    }
  }

  /** Ends the sink if its writer has not, and waits until every byte is written. Call it once. */
  async finished(): Promise<StoredBlob> {
    if (!this.writableEnded) this.end()
    await finished(this)
    return { digest: toDigest(`sha256:${this.#hash.digest('hex')}`), size: this.#size }
  }
}

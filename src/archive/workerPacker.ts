import type { Writable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { PackingFailed, Stopping } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { checkEntries } from './checkEntries.ts'
import { codecs, type CodecName } from './codec.ts'
import { runJob } from './packJob.ts'
import type { LayerContent, Packer } from './packer.ts'

export interface PackerOptions {
  /** Layers that are packed at the same time, each in a thread of its own. */
  readonly threads: number
  /** What the layers are compressed with, when that is not gzip, which every client reads. */
  readonly codec?: CodecName
  /** Where the store paths lie, when that is not `/nix/store`. */
  readonly storeDirectory?: string
}

/** A packer that makes layers in worker threads, which start when they are first needed. */
export function createPacker(options: PackerOptions): Packer {
  return new WorkerPacker(options)
}

// Beside this file there is the program of the threads: as TypeScript, or compiled as this file is.
const program = new URL(`./packWorker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

class WorkerPacker implements Packer {
  readonly mediaType: string
  readonly codec: string
  readonly #codec: CodecName
  readonly #threads: number
  readonly #storeDirectory: string
  readonly #alive = new Set<Worker>()
  readonly #idle = new Set<Worker>()
  /** Jobs without a thread, the oldest first. */
  readonly #waiting = new Set<PromiseWithResolvers<Worker>>()
  #closed = false

  constructor({ threads, codec = 'gzip', storeDirectory = '/nix/store' }: PackerOptions) {
    this.mediaType = codecs[codec].mediaType
    this.codec = codecs[codec].identity
    this.#codec = codec
    this.#threads = threads
    this.#storeDirectory = storeDirectory
  }

  async pack(content: LayerContent, sink: Writable, signal: AbortSignal): Promise<Digest> {
    if (content.kind === 'entries') checkEntries(content.entries)
    const worker = await this.#takeWorker(signal)
    const job = runJob(
      worker,
      { content, codec: this.#codec, storeDirectory: this.#storeDirectory },
      sink,
      signal,
    )
    void job.ended.then(() => this.#giveBack(worker))
    try {
      return await job.result
    } catch (error) {
      throw this.#closed && error instanceof PackingFailed ? new Stopping() : error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { reject } of this.#waiting) reject(new Stopping())
    this.#waiting.clear()
    await Promise.all([...this.#alive].map((worker) => worker.terminate()))
  }

  async #takeWorker(signal: AbortSignal): Promise<Worker> {
    signal.throwIfAborted()
    if (this.#closed) throw new Stopping()
    const [idle] = this.#idle
    if (idle !== undefined) {
      this.#idle.delete(idle)
      idle.ref()
      return idle
    }
    if (this.#alive.size < this.#threads) return this.#startWorker()
    const turn = Promise.withResolvers<Worker>()
    const leaveQueue = () => {
      if (this.#waiting.delete(turn)) turn.reject(signal.reason)
    }
    this.#waiting.add(turn)
    signal.addEventListener('abort', leaveQueue)
    return turn.promise.finally(() => signal.removeEventListener('abort', leaveQueue))
  }

  #startWorker(): Worker {
    // Without the options of this process: some of them are not for files.
    const worker = new Worker(program, { execArgv: [] })
    this.#alive.add(worker)
    const forget = () => {
      this.#alive.delete(worker)
      this.#idle.delete(worker)
    }
    // Before the listeners of its job, which then finds it gone. A thread with an error ends.
    worker.on('error', forget).on('exit', forget)
    return worker
  }

  /** Idle threads do not keep the process running. */
  #giveBack(worker: Worker): void {
    if (this.#closed) return
    const [next] = this.#waiting
    if (next !== undefined) {
      this.#waiting.delete(next)
      next.resolve(this.#alive.has(worker) ? worker : this.#startWorker())
    } else if (this.#alive.has(worker)) {
      worker.unref()
      this.#idle.add(worker)
    }
  }
}

import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import PQueue from 'p-queue'
import { startThread } from '../../work/startThread.ts'
import type { Hashed } from './hashWorker.ts'

/** More threads do not read faster from most disks. */
const atMost = 4
/** Milliseconds after which an idle thread ends. Most files are hashed shortly after the start. */
const patience = 10_000

/** Threads that hash files. They start when they are needed and do not keep the process running. */
class HashThreads {
  readonly #idle = new Map<Worker, NodeJS.Timeout>()
  readonly #queue = new PQueue({ concurrency: Math.min(atMost, availableParallelism()) })

  /** The sha256 of a file, in hex. @throws what reading it throws, with its code */
  hash(path: string, size: number): Promise<string> {
    return this.#queue.add(
      async () => {
        const worker = this.#take()
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
        worker.postMessage(path)
        const hashed = await this.#answerOf(worker)
        this.#giveBack(worker)
        if ('hex' in hashed) return hashed.hex
        throw Object.assign(new Error(hashed.message), { code: hashed.code })
      },
      // The manifest of one image must not wait for the layers of another.
      { priority: -size },
    )
  }

  /** @throws if the thread ends */
  async #answerOf(worker: Worker): Promise<Hashed> {
    const gone = new AbortController()
    const ended = once(worker, 'exit', { signal: gone.signal }).then(() => {
      throw new Error('a hashing thread ended in the middle of its work')
    })
    try {
      const [hashed] = await Promise.race([once(worker, 'message'), ended])
      return hashed
    } finally {
      gone.abort()
    }
  }

  #take(): Worker {
    const [idle] = this.#idle
    if (idle === undefined) return this.#start()
    const [worker] = idle
    this.#forget(worker)
    worker.ref()
    return worker
  }

  #start(): Worker {
    const worker = startThread(import.meta.url, 'hashWorker')
    const forget = () => this.#forget(worker)
    return worker.on('error', forget).on('exit', forget)
  }

  #forget(worker: Worker): void {
    clearTimeout(this.#idle.get(worker))
    this.#idle.delete(worker)
  }

  #giveBack(worker: Worker): void {
    const end = () => {
      this.#forget(worker)
      void worker.terminate()
    }
    worker.unref()
    this.#idle.set(worker, setTimeout(end, patience).unref())
  }
}

const threads = new HashThreads()

/**
 * The sha256 of a file, in hex, computed in another thread. Small files go first.
 * @param size bytes
 * @throws what reading the file throws, with its code
 */
export function hashOfFile(path: string, size: number): Promise<string> {
  return threads.hash(path, size)
}

import type { Worker } from 'node:worker_threads'
import { PackingFailed, Stopping } from '../../errors.ts'
import { startThread } from '../../process/startThread.ts'
import { IdleCount } from './idleCount.ts'
import type { ThreadData } from './jobs.ts'
import type { RunningJob } from './threadJob.ts'

interface Waiting {
  readonly priority: number
  readonly turn: PromiseWithResolvers<Worker>
}

/** Threads call libdeflate by an interface of Node that says that it is experimental. */
const quiet = ['--disable-warning=ExperimentalWarning']

/** Worker threads, which start when they are needed, one ahead, and the jobs that wait for one. */
export class ThreadPool {
  readonly #size: number
  readonly #data: ThreadData
  readonly #alive = new Set<Worker>()
  readonly #idle = new Set<Worker>()
  /** Jobs without a thread, the oldest first. */
  readonly #waiting = new Set<Waiting>()
  readonly #idleCount = new IdleCount()
  #closed = false

  constructor(size: number, data: Omit<ThreadData, 'idle'>) {
    this.#size = size
    this.#data = { ...data, idle: this.#idleCount.buffer }
  }

  /**
   * Does a job when there is an idle thread; of those that wait, one with the highest priority, and of these the oldest.
   * @param signal ends the waiting alone
   * @throws Stopping after `close`; the signal's reason; what the job rejects with
   */
  async run<T>(start: (worker: Worker) => RunningJob<T>, priority: number, signal?: AbortSignal): Promise<T> {
    const worker = await this.#takeWorker(priority, signal)
    this.#keepOneReady()
    this.#tellIdle()
    const job = start(worker)
    void job.ended.then(() => this.#giveBack(worker))
    try {
      return await job.result
    } catch (error) {
      throw this.#closed && error instanceof PackingFailed ? new Stopping() : error
    }
  }

  /** Ends the threads, and with them the jobs that they have. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { turn } of this.#waiting) turn.reject(new Stopping())
    this.#waiting.clear()
    await Promise.all([...this.#alive].map((worker) => worker.terminate()))
  }

  async #takeWorker(priority: number, signal?: AbortSignal): Promise<Worker> {
    signal?.throwIfAborted()
    if (this.#closed) throw new Stopping()
    const [idle] = this.#idle
    if (idle !== undefined) {
      this.#idle.delete(idle)
      idle.ref()
      return idle
    }
    if (this.#alive.size < this.#size) return this.#startWorker()
    const waiting = { priority, turn: Promise.withResolvers<Worker>() }
    const leaveQueue = () => {
      if (this.#waiting.delete(waiting)) waiting.turn.reject(signal?.reason)
    }
    this.#waiting.add(waiting)
    signal?.addEventListener('abort', leaveQueue)
    return waiting.turn.promise.finally(() => signal?.removeEventListener('abort', leaveQueue))
  }

  #startWorker(): Worker {
    const options = { execArgv: quiet, workerData: this.#data }
    const worker = startThread(import.meta.url, 'packWorker', options)
    this.#alive.add(worker)
    const forget = () => {
      this.#alive.delete(worker)
      this.#idle.delete(worker)
    }
    // Before the listeners of its job, which then finds it gone. A thread with an error ends.
    worker.on('error', forget).on('exit', forget)
    return worker
  }

  /** Whoever needs another thread next need not wait for its start. */
  #keepOneReady(): void {
    if (this.#closed || this.#idle.size > 0 || this.#alive.size >= this.#size) return
    const worker = this.#startWorker()
    worker.unref()
    this.#idle.add(worker)
  }

  /** Idle threads do not keep the process running. */
  #giveBack(worker: Worker): void {
    if (this.#closed) return
    const next = this.#next()
    if (next !== undefined) {
      this.#waiting.delete(next)
      next.turn.resolve(this.#alive.has(worker) ? worker : this.#startWorker())
    } else if (this.#alive.has(worker)) {
      worker.unref()
      this.#idle.add(worker)
    }
    this.#tellIdle()
  }

  /** Told before a thread gets its job, so that of busy threads there is always one that waits for none. */
  #tellIdle(): void {
    const free = this.#idle.size + this.#size - this.#alive.size
    this.#idleCount.tell(this.#waiting.size > 0 ? 0 : free)
  }

  #next(): Waiting | undefined {
    let best: Waiting | undefined
    for (const one of this.#waiting) if (best === undefined || one.priority > best.priority) best = one
    return best
  }
}

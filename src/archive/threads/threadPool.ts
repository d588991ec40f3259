import type { Worker } from 'node:worker_threads'
import { PackingFailed, Stopping } from '../../errors.ts'
import { startThread } from '../../work/startThread.ts'
import { IdleCount } from './idleCount.ts'
import type { ThreadData } from './jobs.ts'
import type { RunningJob } from './threadJob.ts'

interface Waiting {
  readonly priority: number
  readonly turn: PromiseWithResolvers<Worker>
}

/** Threads call libdeflate by an interface of Node that says that it is experimental. */
const quiet = ['--disable-warning=ExperimentalWarning']

/**
 * Worker threads, which start when they are needed, one ahead, and the jobs that wait for one. A thread that has a job may
 * claim another (`ThreadData.idle`): what it claims is kept for it until `runClaimed` or `unclaim`.
 */
export class ThreadPool {
  readonly #size: number
  readonly #data: ThreadData
  readonly #alive = new Set<Worker>()
  readonly #idle = new Set<Worker>()
  /** Jobs without a thread, the oldest first. While there are some, nobody can take or claim one. */
  readonly #waiting = new Set<Waiting>()
  readonly #free = new IdleCount()
  #closed = false

  constructor(size: number, data: Omit<ThreadData, 'idle'>) {
    this.#size = size
    this.#data = { ...data, idle: this.#free.buffer }
    this.#free.reset(size)
  }

  /**
   * Does a job when there is an idle thread; of those that wait, one with the highest priority, and of these the oldest.
   * @param signal ends the waiting alone
   * @throws Stopping after `close`; the signal's reason; PackingFailed when no thread can be started; what the job rejects with
   */
  async run<T>(start: (worker: Worker) => RunningJob<T>, priority: number, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#closed) throw new Stopping()
    const worker = this.#free.take() ? this.#takeOrGiveBack() : await this.#turn(priority, signal)
    return this.#finish(worker, start(worker))
  }

  /** Does a job by a thread that another one has claimed. Errors are those of `run`. */
  async runClaimed<T>(start: (worker: Worker) => RunningJob<T>): Promise<T> {
    if (this.#closed) throw new Stopping()
    const worker = this.#takeOrGiveBack()
    return this.#finish(worker, start(worker))
  }

  /** A claimed thread is not needed. */
  unclaim(): void {
    this.#passOn()
  }

  /** Ends the threads, and with them the jobs that they have. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { turn } of this.#waiting) turn.reject(new Stopping())
    this.#waiting.clear()
    await Promise.all([...this.#alive].map((worker) => worker.terminate()))
  }

  async #finish<T>(worker: Worker, job: RunningJob<T>): Promise<T> {
    void job.ended.then(() => this.#giveBack(worker))
    this.#keepOneReady()
    try {
      return await job.result
    } catch (error) {
      throw this.#closed && error instanceof PackingFailed ? new Stopping() : error
    }
  }

  #turn(priority: number, signal?: AbortSignal): Promise<Worker> {
    const waiting = { priority, turn: Promise.withResolvers<Worker>() }
    const leaveQueue = () => {
      if (this.#waiting.delete(waiting)) waiting.turn.reject(signal?.reason)
    }
    this.#waiting.add(waiting)
    signal?.addEventListener('abort', leaveQueue)
    return waiting.turn.promise.finally(() => signal?.removeEventListener('abort', leaveQueue))
  }

  /** One of the threads that are free: there is one, or room for one. @throws PackingFailed when it cannot be started */
  #take(): Worker {
    const [idle] = this.#idle
    if (idle === undefined) return this.#startWorker()
    this.#idle.delete(idle)
    idle.ref()
    return idle
  }

  #takeOrGiveBack(): Worker {
    try {
      return this.#take()
    } catch (error) {
      this.#passOn()
      throw error
    }
  }

  /** @throws PackingFailed when the system has no room for a thread */
  #startWorker(): Worker {
    const options = { execArgv: quiet, workerData: this.#data }
    const worker = started(() => startThread(import.meta.url, 'packWorker', options))
    this.#alive.add(worker)
    const forget = () => {
      this.#alive.delete(worker)
      this.#idle.delete(worker)
    }
    // Before the listeners of its job, which then finds it gone. A thread with an error ends.
    return worker.on('error', forget).on('exit', forget)
  }

  /** Whoever needs another thread next need not wait for its start. */
  #keepOneReady(): void {
    if (this.#closed || this.#idle.size > 0 || this.#alive.size >= this.#size) return
    try {
      this.#setAside(this.#startWorker())
    } catch {
      // It is tried again, and the reason told, when it is needed.
    }
  }

  /** Idle threads do not keep the process running. */
  #setAside(worker: Worker): void {
    worker.unref()
    this.#idle.add(worker)
  }

  #giveBack(worker: Worker): void {
    if (this.#closed) return
    if (this.#alive.has(worker)) this.#setAside(worker)
    this.#passOn()
    // A thread that died may have taken a claim with it.
    if (this.#idle.size === this.#alive.size) this.#free.reset(this.#size)
  }

  /** A thread that nobody has goes to the next job that waits, or to who asks first. */
  #passOn(): void {
    const next = this.#next()
    if (next === undefined) return this.#free.giveBack()
    this.#waiting.delete(next)
    try {
      next.turn.resolve(this.#take())
    } catch (error) {
      next.turn.reject(error)
      this.#passOn()
    }
  }

  #next(): Waiting | undefined {
    let best: Waiting | undefined
    for (const one of this.#waiting) if (best === undefined || one.priority > best.priority) best = one
    return best
  }
}

function started(start: () => Worker): Worker {
  try {
    return start()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new PackingFailed(`a packing thread cannot be started: ${why}`, { cause })
  }
}

import type { Worker } from 'node:worker_threads'
import { PackingFailed, Stopping } from '../../errors.ts'
import { startThread } from '../../work/startThread.ts'
import { IdleCount } from './idleCount.ts'
import type { ThreadData } from './jobs.ts'
import type { RunningJob } from './threadJob.ts'

interface Waiting {
  readonly priority: number
  readonly thread: PromiseWithResolvers<Worker>
}

/** Threads call libdeflate through an interface of Node that warns that it is experimental. */
const quiet = ['--disable-warning=ExperimentalWarning']

/**
 * Worker threads, and the jobs that wait for one. Threads start when they are needed, and one more is kept
 * ready. A thread with a job may claim another thread (`ThreadData.idle`). It is reserved until `runClaimed`
 * or `unclaim`.
 */
export class ThreadPool {
  readonly #size: number
  readonly #data: ThreadData
  readonly #alive = new Set<Worker>()
  readonly #idle = new Set<Worker>()
  /** Jobs without a thread, the oldest first. While there are any, nobody can take or claim a thread. */
  readonly #waiting = new Set<Waiting>()
  readonly #free = new IdleCount()
  #closed = false

  constructor(size: number, data: Omit<ThreadData, 'idle'>) {
    this.#size = size
    this.#data = { ...data, idle: this.#free.buffer }
    this.#free.reset(size)
  }

  /**
   * Does a job as soon as there is an idle thread. Among waiting jobs, the highest priority goes first, then
   * the oldest.
   * @param signal ends the waiting, not the job
   * @throws Stopping after `close`; the signal's reason; PackingFailed if no thread can be started; the job's
   * error
   */
  async run<T>(start: (worker: Worker) => RunningJob<T>, priority: number, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#closed) throw new Stopping()
    const worker = this.#free.take() ? this.#takeOrGiveBack() : await this.#waitForThread(priority, signal)
    return this.#finish(worker, start(worker))
  }

  /** Does a job in a thread that another thread has claimed. Throws what `run` throws. */
  async runClaimed<T>(start: (worker: Worker) => RunningJob<T>): Promise<T> {
    if (this.#closed) throw new Stopping()
    const worker = this.#takeOrGiveBack()
    return this.#finish(worker, start(worker))
  }

  /** Gives back a claimed thread that is not needed. */
  unclaim(): void {
    this.#passOn()
  }

  /** Ends the threads and their jobs. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { thread } of this.#waiting) thread.reject(new Stopping())
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

  #waitForThread(priority: number, signal?: AbortSignal): Promise<Worker> {
    const waiting = { priority, thread: Promise.withResolvers<Worker>() }
    const leaveQueue = () => {
      if (this.#waiting.delete(waiting)) waiting.thread.reject(signal?.reason)
    }
    this.#waiting.add(waiting)
    signal?.addEventListener('abort', leaveQueue)
    return waiting.thread.promise.finally(() => signal?.removeEventListener('abort', leaveQueue))
  }

  /**
   * Takes an idle thread or starts one. The caller knows that one is possible.
   * @throws PackingFailed if it cannot start
   */
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

  /** @throws PackingFailed if the system has no room for a thread */
  #startWorker(): Worker {
    const options = { execArgv: quiet, workerData: this.#data }
    const worker = started(() => startThread(import.meta.url, 'packWorker', options))
    this.#alive.add(worker)
    const forget = () => {
      this.#alive.delete(worker)
      this.#idle.delete(worker)
    }
    // These listeners run before those of its job, which then finds the thread gone. An error ends a thread.
    return worker.on('error', forget).on('exit', forget)
  }

  /** Starts a thread in advance, so that the next job does not wait for its start. */
  #keepOneReady(): void {
    if (this.#closed || this.#idle.size > 0 || this.#alive.size >= this.#size) return
    try {
      this.#setAside(this.#startWorker())
    } catch {
      // The next job tries again, and reports the reason if that fails too.
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
    // A thread that died may have lost a claim.
    if (this.#idle.size === this.#alive.size) this.#free.reset(this.#size)
  }

  /** Gives a free thread to the next waiting job. Without one, the thread can be taken or claimed. */
  #passOn(): void {
    const next = this.#next()
    if (next === undefined) return this.#free.giveBack()
    this.#waiting.delete(next)
    try {
      next.thread.resolve(this.#take())
    } catch (error) {
      next.thread.reject(error)
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

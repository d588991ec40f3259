import PQueue from 'p-queue'
import { QueueFull, Stopping, TooManyRequests } from '../errors.ts'
import { patient, SingleFlight } from '../work/singleFlight.ts'
import type { BuildQueue, BuildQueueOptions } from './buildQueue.ts'
import { FairQueue, type FairOptions } from './fairQueue.ts'
import { JobDeadline } from './jobDeadline.ts'

/** Seconds after which there is probably room in a full queue. */
const retryAfter = 5

/** A queue of this process. */
export class LocalQueue<Job, Result> implements BuildQueue<Job, Result> {
  readonly #options: BuildQueueOptions<Job, Result>
  readonly #jobs = new SingleFlight<Result>()
  readonly #queue: PQueue<FairQueue, FairOptions>
  /** Jobs that wait, by client. */
  readonly #waiting = new Map<string, number>()
  readonly #stop = new AbortController()
  #stopping = false

  constructor(options: BuildQueueOptions<Job, Result>) {
    this.#options = options
    this.#queue = new PQueue({ concurrency: options.concurrency, queueClass: FairQueue })
  }

  get stopped(): AbortSignal {
    return this.#stop.signal
  }

  run(key: string, job: Job, client = ''): Promise<Result> {
    return this.#jobs.run(key, patient, () => this.#enqueue(job, client))
  }

  async runBetweenJobs(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (!this.#stopping) await this.#queue.add(() => work(this.stopped), { priority: 1 })
  }

  async stop(patience: number): Promise<void> {
    this.#stopping = true
    const limit = setTimeout(() => this.abandon(), patience * 1000)
    await this.#queue.onIdle()
    clearTimeout(limit)
    this.abandon()
  }

  abandon(): void {
    this.#stopping = true
    this.#stop.abort(new Stopping())
  }

  async #enqueue(job: Job, client: string): Promise<Result> {
    const { concurrency, queueLimit, clientLimit = queueLimit } = this.#options
    if (this.#stopping) throw new Stopping()
    if (this.#queue.pending >= concurrency && this.#queue.size >= queueLimit) throw new QueueFull(retryAfter)
    const waiting = this.#waiting.get(client) ?? 0
    if (this.#queue.pending >= concurrency && waiting >= clientLimit)
      throw new TooManyRequests(`${waiting} images that you asked for wait to be built`, retryAfter)
    this.#waiting.set(client, waiting + 1)
    return this.#queue.add(() => this.#begin(client, job), { client })
  }

  #begin(client: string, job: Job): Promise<Result> {
    const waiting = (this.#waiting.get(client) ?? 1) - 1
    if (waiting > 0) this.#waiting.set(client, waiting)
    else this.#waiting.delete(client)
    return this.#do(job)
  }

  async #do(job: Job): Promise<Result> {
    const deadline = new JobDeadline(this.#options.deadline, this.stopped)
    try {
      return await this.#options.work(job, deadline.run)
    } finally {
      deadline.clear()
    }
  }
}

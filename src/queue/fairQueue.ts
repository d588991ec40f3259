import type { QueueAddOptions } from 'p-queue'

type Run = () => Promise<unknown>

/** Whose job it is. Jobs of the same client wait for each other. */
export interface FairOptions extends QueueAddOptions {
  readonly client?: string
}

/**
 * The order of jobs: those with a priority first, then one of each client in turn. So a client with many jobs
 * delays another one by one job for each place, not by all of them. A queue for `PQueue`.
 */
export class FairQueue {
  readonly #urgent: Run[] = []
  /** Clients that have jobs, the next one first. */
  readonly #clients = new Map<string, Run[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  enqueue(run: Run, { priority = 0, client = '' }: Partial<FairOptions> = {}): void {
    this.#size++
    if (priority > 0) {
      this.#urgent.push(run)
      return
    }
    const jobs = this.#clients.get(client)
    if (jobs) jobs.push(run)
    else this.#clients.set(client, [run])
  }

  dequeue(): Run | undefined {
    const run = this.#urgent.shift() ?? this.#next()
    if (run) this.#size--
    return run
  }

  /** `PQueue` asks for them to count jobs of a priority. */
  filter({ priority = 0 }: Readonly<Partial<FairOptions>>): Run[] {
    return priority > 0 ? [...this.#urgent] : [...this.#clients.values()].flat()
  }

  setPriority(): void {
    throw new Error('a job keeps its place')
  }

  #next(): Run | undefined {
    const [first] = this.#clients
    if (!first) return undefined
    const [client, jobs] = first
    const run = jobs.shift()
    // The client goes to the end, behind all others.
    this.#clients.delete(client)
    if (jobs.length > 0) this.#clients.set(client, jobs)
    return run
  }
}

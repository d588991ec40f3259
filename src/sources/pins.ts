import { LRUCache } from 'lru-cache'
import PQueue from 'p-queue'
import { SourceFailed, UnknownTag } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { SingleFlight } from '../work/singleFlight.ts'

/** Milliseconds after which a remote that failed is asked again. */
const retryAfter = 15_000
/** Milliseconds for which the remote is not asked again for a tag that it does not have. */
const unknownFor = 5_000
/** Programs ask the remotes. So many of them run at the same time. */
const lookUpsAtOnce = 4
/** Milliseconds. A remote that takes longer to answer has failed. */
const answerWithin = 30_000

interface Pin<T> {
  readonly value: T
  readonly until: number
}

/**
 * Remembers what moving references were resolved to. Callers who ask for the same reference at the same time
 * share one look-up. An old answer is better than none: while the remote fails, the last answer is used.
 */
export class Pins<T> {
  readonly #ttlMs: number
  readonly #now: () => number
  readonly #pins = new Map<string, Pin<T>>()
  readonly #lookUps = new SingleFlight<T>()
  readonly #queue = new PQueue({ concurrency: lookUpsAtOnce })
  readonly #unknown = new LRUCache<string, UnknownTag>({ max: 1000, ttl: unknownFor })

  /**
   * @param ttl seconds for which a pin is used without asking again
   * @param now milliseconds of a clock that never goes back
   */
  constructor(ttl: number, now: () => number = () => performance.now()) {
    this.#ttlMs = ttl * 1000
    this.#now = now
  }

  /** @throws what `lookUp` throws, unless it is SourceFailed and there is an older pin */
  async get(reference: string, run: RunOptions, lookUp: (run: RunOptions) => Promise<T>): Promise<T> {
    const pin = this.#pins.get(reference)
    if (pin && this.#now() < pin.until) return pin.value
    const unknown = this.#unknown.get(reference)
    if (unknown) throw unknown
    try {
      return await this.#lookUps.run(reference, run, async (shared) => {
        const value = await this.#queue.add(() => withinTime(shared, lookUp))
        this.#pins.set(reference, { value, until: this.#now() + this.#ttlMs })
        return value
      })
    } catch (error) {
      if (error instanceof UnknownTag) this.#unknown.set(reference, error)
      if (!(error instanceof SourceFailed) || pin === undefined) throw error
      this.#pins.set(reference, { value: pin.value, until: this.#now() + Math.min(retryAfter, this.#ttlMs) })
      run.onEvent({ kind: 'log', line: `'${reference}' stays at what it was: ${error.message}` })
      return pin.value
    }
  }
}

async function withinTime<T>(run: RunOptions, lookUp: (run: RunOptions) => Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(answerWithin)
  try {
    return await lookUp({ ...run, signal: AbortSignal.any([run.signal, late]) })
  } catch (cause) {
    if (cause !== late.reason) throw cause
    throw new SourceFailed(`the remote did not answer within ${answerWithin / 1000} s`, { cause })
  }
}

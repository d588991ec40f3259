import { LRUCache } from 'lru-cache'
import PQueue from 'p-queue'
import { SourceFailed, UnknownTag } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { SingleFlight } from '../work/singleFlight.ts'

/** Milliseconds after which a remote that failed is asked again. */
const RETRY_MS = 15_000
/** Milliseconds for which a tag that the remote lacks is not asked for again. */
const UNKNOWN_FOR = 5_000
/** Remotes are asked by programs: this many run side by side, whatever is asked for. */
const lookUpsAtOnce = 4
/** Milliseconds after which a remote that does not answer counts as failed. */
const ANSWER_WITHIN = 30_000

interface Pin<T> {
  readonly value: T
  readonly until: number
}

/**
 * Remembers what moving references were resolved to. A reference is looked up by one caller at a time, whoever else
 * asks waits for it. Stale is better than down: what was found once is used on while the remote fails.
 */
export class Pins<T> {
  readonly #ttlMs: number
  readonly #now: () => number
  readonly #pins = new Map<string, Pin<T>>()
  readonly #lookUps = new SingleFlight<T>()
  readonly #queue = new PQueue({ concurrency: lookUpsAtOnce })
  readonly #unknown = new LRUCache<string, UnknownTag>({ max: 1000, ttl: UNKNOWN_FOR })

  /**
   * @param ttl seconds that a pin is used without asking again
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
      this.#pins.set(reference, { value: pin.value, until: this.#now() + Math.min(RETRY_MS, this.#ttlMs) })
      run.onEvent({ kind: 'log', line: `'${reference}' stays at what it was: ${error.message}` })
      return pin.value
    }
  }
}

async function withinTime<T>(run: RunOptions, lookUp: (run: RunOptions) => Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(ANSWER_WITHIN)
  try {
    return await lookUp({ ...run, signal: AbortSignal.any([run.signal, late]) })
  } catch (cause) {
    if (cause !== late.reason) throw cause
    throw new SourceFailed(`the remote did not answer within ${ANSWER_WITHIN / 1000} s`, { cause })
  }
}

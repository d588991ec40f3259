import { SourceFailed, UnknownTag } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { SingleFlight } from '../work/singleFlight.ts'

/** Milliseconds after which a remote that failed is asked again. */
const retryAfter = 15_000
/** Milliseconds after which a remote that does not answer counts as failed. */
const answerWithin = 30_000

interface Pin<T> {
  readonly value: T
  /** When it was found, and until when it is used without asking again. */
  readonly found: number
  readonly until: number
  /** The remote failed since. */
  readonly stale: boolean
}

/**
 * Remembers what moving references were resolved to. A reference is looked up by one caller at a time,
 * whoever else asks waits for it. Stale is better than down: what was found once is used on while the remote
 * fails.
 */
export class Pins<T> {
  readonly #ttlMs: number
  readonly #now: () => number
  readonly #pins = new Map<string, Pin<T>>()
  readonly #lookUps = new SingleFlight<T>()

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
    try {
      return await this.#lookUps.run(reference, run, async (shared) => {
        const value = await withinTime(shared, lookUp)
        const found = this.#now()
        this.#pins.set(reference, { value, found, until: found + this.#ttlMs, stale: false })
        return value
      })
    } catch (error) {
      if (error instanceof UnknownTag) this.#pins.delete(reference)
      const old = this.#pins.get(reference)
      if (!(error instanceof SourceFailed) || !old) throw error
      this.#pins.set(reference, {
        ...old,
        until: this.#now() + Math.min(retryAfter, this.#ttlMs),
        stale: true,
      })
      if (!old.stale) {
        const age = inWords(this.#now() - old.found)
        const line = `'${reference}' stays at what it was ${age} ago, until the remote answers: ${error.message}`
        run.onEvent({ kind: 'log', line })
      }
      return old.value
    }
  }
}

/** The largest unit that fits, for people. @param ms milliseconds */
function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
  ] as const
  const [unit, length] = units.find(([, length]) => seconds >= 2 * length) ?? ['s', 1]
  return `${Math.floor(seconds / length)} ${unit}`
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

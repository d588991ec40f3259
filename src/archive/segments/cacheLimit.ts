import type { Added } from './additions.ts'

/**
 * A server counts only its own additions. After each such share of the limit it measures what others have
 * added.
 */
const unseen = 1 / 16
/** Milliseconds for which the cache is not written after a write has failed. */
const pause = 60_000

/** Keeps the segment cache within its limit. Pauses writing to a disk that does not accept writes. */
export class CacheLimit {
  readonly #limit: number
  readonly #sweep: () => Promise<number>
  readonly #onFault: (message: string) => void
  /** Bytes in the cache after the last sweep, and bytes added since then. */
  #total = 0
  #added = Infinity
  #sweeping = false
  #pausedUntil = 0

  /**
   * @param limit bytes
   * @param sweep removes what is over the limit and returns the remaining bytes
   * @param onFault called now and then with the reason why the cache cannot be written
   */
  constructor(limit: number, sweep: () => Promise<number>, onFault: (message: string) => void) {
    this.#limit = limit
    this.#sweep = sweep
    this.#onFault = onFault
  }

  get canWrite(): boolean {
    return performance.now() >= this.#pausedUntil
  }

  /** Counts what was written, and pauses writing if it failed. */
  recordWrite({ written, fault }: Added): void {
    this.#added += written
    if (fault !== undefined && this.canWrite) {
      this.#pausedUntil = performance.now() + pause
      this.#onFault(fault)
    }
    this.#sweepWhenDue()
  }

  #sweepWhenDue(): void {
    const isFull = this.#total + this.#added > this.#limit
    const isDue = this.#added > this.#limit * unseen || (this.#added > 0 && isFull)
    if (isDue && !this.#sweeping) void this.#sweepNow()
  }

  async #sweepNow(): Promise<void> {
    this.#sweeping = true
    this.#added = 0
    try {
      this.#total = await this.#sweep()
      this.#sweeping = false
      this.#sweepWhenDue()
    } catch {
      // The threads are gone. Either the server is stopping, or a thread died and the next write tries again.
      this.#added = Infinity
      this.#sweeping = false
    }
  }
}

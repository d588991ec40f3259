import type { Added } from './additions.ts'

/** Bytes are counted by this server alone: after each such share of the limit it looks what others have added. */
const unseen = 1 / 16
/** Milliseconds for which a cache that could not be written is left alone. */
const pause = 60_000

/** Keeps the segment cache within its limit, and away from a disk that does not take it. */
export class CacheLimit {
  readonly #limit: number
  readonly #sweep: () => Promise<number>
  readonly #onFault: (message: string) => void
  /** Bytes in the cache when it was last swept, and those added since. */
  #total = 0
  #added = Infinity
  #sweeping = false
  #pausedUntil = 0

  /**
   * @param limit bytes
   * @param sweep removes what is too much, and answers the bytes that are left
   * @param onFault is told why the cache cannot be written, once in a while
   */
  constructor(limit: number, sweep: () => Promise<number>, onFault: (message: string) => void) {
    this.#limit = limit
    this.#sweep = sweep
    this.#onFault = onFault
  }

  get canWrite(): boolean {
    return performance.now() >= this.#pausedUntil
  }

  /** Tells what became of an attempt to write. */
  note({ written, fault }: Added): void {
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
      // The threads are gone: the server stops, or one died and the next write tries again.
      this.#added = Infinity
      this.#sweeping = false
    }
  }
}

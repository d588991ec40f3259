/** Does work again and again. Neither the work nor its timer keeps the process alive. */
export class Repetition {
  readonly #work: (signal: AbortSignal) => Promise<number>
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout
  #running: Promise<void> = Promise.resolve()

  /**
   * @param first milliseconds until the first time
   * @param work answers how many milliseconds to wait until the next time; it must not reject
   */
  constructor(first: number, work: (signal: AbortSignal) => Promise<number>) {
    this.#work = work
    this.#timer = this.#after(first)
  }

  /** Aborted when it stops. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Ends work that runs, by its signal, and waits for it. */
  async stop(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  #after(milliseconds: number): NodeJS.Timeout {
    const begin = () => void (this.#running = this.#once())
    return setTimeout(begin, milliseconds).unref()
  }

  async #once(): Promise<void> {
    const pause = await this.#work(this.signal)
    if (!this.signal.aborted) this.#timer = this.#after(pause)
  }
}

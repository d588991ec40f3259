interface Work {
  readonly result: Promise<void>
  readonly controller: AbortController
  wanted: number
}

/** Work that several may want at once and that is done once, as long as one of them wants it. */
export class SharedWork {
  readonly #running = new Map<string, Work>()

  /** @throws what the work throws, or the signal's reason */
  async run(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<void>): Promise<void> {
    signal.throwIfAborted()
    const work = this.#running.get(key) ?? this.#start(key, start)
    work.wanted += 1
    const leaving = Promise.withResolvers<never>()
    const leave = () => {
      work.wanted -= 1
      if (work.wanted === 0) {
        this.#forget(key, work)
        work.controller.abort(signal.reason)
      }
      leaving.reject(signal.reason)
    }
    signal.addEventListener('abort', leave)
    try {
      await Promise.race([work.result, leaving.promise])
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<void>): Work {
    const controller = new AbortController()
    const work: Work = { result: start(controller.signal), controller, wanted: 0 }
    this.#running.set(key, work)
    void work.result.catch(() => undefined).then(() => this.#forget(key, work))
    return work
  }

  #forget(key: string, work: Work): void {
    if (this.#running.get(key) === work) this.#running.delete(key)
  }
}

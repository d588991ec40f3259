import type { BuildEvent, RunOptions } from './events.ts'

interface Running<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  readonly listeners: Set<(event: BuildEvent) => void>
}

/** Work that several callers wait for at once: done once, heard by all, and ended when the last of them gives up. */
export class SharedWork<T> {
  readonly #running = new Map<string, Running<T>>()

  /** @throws what the work throws, or the reason of the caller's own signal */
  async run(key: string, { signal, onEvent }: RunOptions, work: (run: RunOptions) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const running = this.#running.get(key) ?? this.#start(key, work)
    // Each caller is a listener of its own, even where two of them share a function.
    const listener = (event: BuildEvent) => onEvent(event)
    running.listeners.add(listener)
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([running.result, aborted])
    } finally {
      signal.removeEventListener('abort', onAbort)
      running.listeners.delete(listener)
      if (running.listeners.size === 0) this.#end(key, running, signal.reason)
    }
  }

  #start(key: string, work: (run: RunOptions) => Promise<T>): Running<T> {
    const controller = new AbortController()
    const listeners = new Set<(event: BuildEvent) => void>()
    const onEvent = (event: BuildEvent) => {
      for (const listener of listeners) listener(event)
    }
    const running: Running<T> = {
      result: work({ signal: controller.signal, onEvent }),
      controller,
      listeners,
    }
    // The callers hear of an error; without any left, there is nobody whom it concerns.
    running.result.catch(() => {})
    this.#running.set(key, running)
    return running
  }

  #end(key: string, running: Running<T>, reason: unknown): void {
    running.controller.abort(reason)
    if (this.#running.get(key) === running) this.#running.delete(key)
  }
}

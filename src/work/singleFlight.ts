import { silently, type BuildEvent, type RunOptions } from './events.ts'

interface Flight<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  readonly listeners: Set<(event: BuildEvent) => void>
}

/** A caller that never gives up and reads no events: work that it starts goes on to its end. */
export const patient: RunOptions = silently(new AbortController().signal)

/**
 * Work that several callers wait for at once. It is done once, every caller gets its events and its result,
 * and it ends when the last caller gives up.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>()

  /** @throws what the work throws, or the reason of the caller's own signal */
  async run(key: string, { signal, onEvent }: RunOptions, work: (run: RunOptions) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    const flight = this.#flights.get(key) ?? this.#start(key, work)
    // Each caller is a listener of its own, even if two of them share a function.
    const listener = (event: BuildEvent) => onEvent(event)
    flight.listeners.add(listener)
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([flight.result, aborted])
    } finally {
      signal.removeEventListener('abort', onAbort)
      flight.listeners.delete(listener)
      if (flight.listeners.size === 0) this.#end(key, flight, signal.reason)
    }
  }

  #start(key: string, work: (run: RunOptions) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const listeners = new Set<(event: BuildEvent) => void>()
    const onEvent = (event: BuildEvent) => {
      for (const listener of listeners) listener(event)
    }
    const flight: Flight<T> = {
      result: work({ signal: controller.signal, onEvent }),
      controller,
      listeners,
    }
    // The callers receive the error. If none is left, nobody needs it.
    flight.result.catch(() => {})
    this.#flights.set(key, flight)
    return flight
  }

  #end(key: string, flight: Flight<T>, reason: unknown): void {
    flight.controller.abort(reason)
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}

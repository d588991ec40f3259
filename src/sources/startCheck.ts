import { InvalidSource, NixeryError } from '../errors.ts'
import type { BuildEvent } from '../work/events.ts'
import type { PackageSource } from './source.ts'

interface StartCheckOptions {
  /** Milliseconds that the start waits for an answer. */
  readonly patience?: number
  /** Milliseconds after which a source that failed is looked at again. */
  readonly retryAfter?: number
}

/**
 * Looks at the package set when a server starts, until it can be served. A first checkout takes long, so the
 * start does not wait for all of it.
 */
export class StartCheck {
  readonly #source: Pick<PackageSource, 'check'>
  readonly #onEvent: (event: BuildEvent) => void
  readonly #patience: number
  readonly #retryAfter: number
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #missing: string | undefined = 'the package set is still being fetched'

  constructor(
    source: Pick<PackageSource, 'check'>,
    onEvent: (event: BuildEvent) => void,
    { patience = 10_000, retryAfter = 15_000 }: StartCheckOptions = {},
  ) {
    this.#source = source
    this.#onEvent = onEvent
    this.#patience = patience
    this.#retryAfter = retryAfter
  }

  /** @throws InvalidSource if it turns out soon that the source cannot work as it is configured */
  async start(): Promise<void> {
    const { promise: patience, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#patience)
    let invalid: InvalidSource | undefined
    this.#running = this.#look((error) => (invalid = error))
    await Promise.race([this.#running, patience])
    clearTimeout(timer)
    if (invalid) throw invalid
  }

  /** @throws NixeryError if the package set cannot be served yet: why */
  ready(): void {
    if (this.#missing !== undefined) throw new NotReady(this.#missing)
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stop.abort(new NotReady('the server is stopping'))
    await this.#running
  }

  async #look(onInvalid: (error: InvalidSource) => void): Promise<void> {
    const { signal } = this.#stop
    try {
      await this.#source.check({ signal, onEvent: this.#onEvent })
      this.#missing = undefined
    } catch (error) {
      if (signal.aborted) return
      const why = error instanceof Error ? error.message : String(error)
      if (why !== this.#missing)
        this.#onEvent({ kind: 'log', line: `the package set cannot be served: ${why}` })
      this.#missing = why
      if (error instanceof InvalidSource) onInvalid(error)
      const again = () => void (this.#running = this.#look(() => undefined))
      this.#timer = setTimeout(again, this.#retryAfter).unref()
    }
  }
}

class NotReady extends NixeryError {}

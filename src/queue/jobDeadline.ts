import { DeadlineExceeded } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'

/** Ends a job that takes too long. The error says what the job was waiting for. */
export class JobDeadline {
  /** What the job runs with. */
  readonly run: RunOptions
  readonly #late = new AbortController()
  readonly #timer: NodeJS.Timeout
  #waitingFor: string | undefined

  /**
   * Starts the clock.
   * @param seconds from now
   * @param stopped ends the job before its deadline
   */
  constructor(seconds: number, stopped: AbortSignal) {
    this.run = {
      signal: AbortSignal.any([stopped, this.#late.signal]),
      onEvent: (event) => {
        if (event.kind === 'wait') this.#waitingFor = event.what
      },
    }
    this.#timer = setTimeout(() => this.#late.abort(this.#exceeded(seconds)), seconds * 1000)
  }

  /** The job has ended. */
  clear(): void {
    clearTimeout(this.#timer)
  }

  #exceeded(seconds: number): DeadlineExceeded {
    const why = this.#waitingFor === undefined ? '' : `; it was ${this.#waitingFor}`
    return new DeadlineExceeded(`the image was not ready after ${seconds} s (NIXERY_BUILD_DEADLINE)${why}`)
  }
}

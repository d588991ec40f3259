/**
 * Holds a worker thread back: it may pass as often as it was let through, then it sleeps until it is let
 * through again or dismissed. Shared between the threads by sending its buffer.
 */
export class Gate {
  readonly buffer: SharedArrayBuffer
  readonly #state: Int32Array

  constructor(buffer = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#state = new Int32Array(buffer)
  }

  /** Allows `times` more passes. */
  letThrough(times: number): void {
    Atomics.add(this.#state, passes, times)
    Atomics.notify(this.#state, passes)
  }

  /** From now on `pass` answers false. */
  dismiss(): void {
    Atomics.store(this.#state, dismissed, 1)
    // A changed number of passes also wakes a thread that is just about to sleep.
    this.letThrough(1)
  }

  /** Like `pass`, but false at once where that would sleep. */
  tryToPass(): boolean {
    if (Atomics.load(this.#state, dismissed) !== 0 || Atomics.load(this.#state, passes) <= 0) return false
    // Nobody else passes, so that there cannot be fewer.
    Atomics.sub(this.#state, passes, 1)
    return true
  }

  /** Blocks the thread. False when it was dismissed. */
  pass(): boolean {
    while (Atomics.load(this.#state, dismissed) === 0) {
      if (Atomics.load(this.#state, passes) > 0) {
        Atomics.sub(this.#state, passes, 1)
        return true
      }
      Atomics.wait(this.#state, passes, 0)
    }
    return false
  }
}

const passes = 0
const dismissed = 1

/**
 * How many threads have nothing to do: told by the pool, taken by the threads, which share it by its buffer. What is taken may be
 * gone when it comes to be used, and is told anew soon: whoever relies on it must be able to wait.
 */
export class IdleCount {
  readonly buffer: SharedArrayBuffer
  readonly #count: Int32Array

  constructor(buffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#count = new Int32Array(buffer)
  }

  tell(count: number): void {
    Atomics.store(this.#count, 0, count)
  }

  /** Takes one, if there is one. */
  take(): boolean {
    for (;;) {
      const count = Atomics.load(this.#count, 0)
      if (count <= 0) return false
      if (Atomics.compareExchange(this.#count, 0, count, count - 1) === count) return true
    }
  }
}

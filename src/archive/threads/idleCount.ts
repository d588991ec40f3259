/**
 * How many more threads could be busy, shared with the threads by its buffer. Who takes one has a claim to a
 * thread, which nobody else gets meanwhile.
 */
export class IdleCount {
  readonly buffer: SharedArrayBuffer
  readonly #count: Int32Array

  constructor(buffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#count = new Int32Array(buffer)
  }

  reset(count: number): void {
    Atomics.store(this.#count, 0, count)
  }

  giveBack(): void {
    Atomics.add(this.#count, 0, 1)
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

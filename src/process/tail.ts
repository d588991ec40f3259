/** Keeps the last `limit` lines that were pushed. */
export class Tail {
  readonly #limit: number
  #lines: string[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  push(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length >= 2 * this.#limit) this.#lines = this.#lines.slice(-this.#limit)
  }

  /** Oldest first. */
  get lines(): readonly string[] {
    return this.#lines.slice(-this.#limit)
  }
}

/** Longer lines are cut: one log line must not become a heap. In bytes. */
export const MAX_LINE = 64 * 1024

const NEWLINE = 0x0a
const RETURN = 0x0d

/** Takes bytes as they come and hands out whole lines, without line break, cut at `maxLine` bytes. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #maxLine: number
  #parts: Buffer[] = []
  #held = 0

  constructor(onLine: (line: string) => void, maxLine: number = MAX_LINE) {
    this.#onLine = onLine
    this.#maxLine = maxLine
  }

  write(chunk: Buffer): void {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this.#hold(chunk.subarray(from, at))
      this.#flush()
      from = at + 1
    }
    this.#hold(chunk.subarray(from))
  }

  /** Hands out the last line where it lacks its line break. */
  end(): void {
    if (this.#held > 0) this.#flush()
  }

  #hold(part: Buffer): void {
    const kept = part.subarray(0, this.#maxLine - this.#held)
    if (kept.length === 0) return
    this.#parts.push(kept)
    this.#held += kept.length
  }

  #flush(): void {
    const line = Buffer.concat(this.#parts, this.#held)
    this.#parts = []
    this.#held = 0
    const end = line.at(-1) === RETURN ? line.length - 1 : line.length
    this.#onLine(line.toString('utf8', 0, end))
  }
}

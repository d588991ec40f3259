/** Bytes. Longer lines are cut, so that one line of a log cannot use up the memory. */
export const defaultMaxLine = 64 * 1024

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Splits bytes into lines. The lines have no line break and are cut at `maxLine` bytes. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #maxLine: number
  #parts: Buffer[] = []
  #length = 0

  constructor(onLine: (line: string) => void, maxLine: number = defaultMaxLine) {
    this.#onLine = onLine
    this.#maxLine = maxLine
  }

  write(chunk: Buffer): void {
    let from = 0
    for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, from)) {
      this.#append(chunk.subarray(from, at))
      this.#flush()
      from = at + 1
    }
    this.#append(chunk.subarray(from))
  }

  /** Passes on the last line if it has no line break. */
  end(): void {
    if (this.#length > 0) this.#flush()
  }

  #append(part: Buffer): void {
    const kept = part.subarray(0, this.#maxLine - this.#length)
    if (kept.length === 0) return
    this.#parts.push(kept)
    this.#length += kept.length
  }

  #flush(): void {
    const line = Buffer.concat(this.#parts, this.#length)
    this.#parts = []
    this.#length = 0
    const end = line.at(-1) === carriageReturn ? line.length - 1 : line.length
    this.#onLine(line.toString('utf8', 0, end))
  }
}

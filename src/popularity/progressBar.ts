const width = 40
/** Milliseconds between two pictures of the bar, and between two lines where there is no terminal. */
const pictures = 100
const lines = 10_000

/** How far something is: a bar on a terminal, else a line now and then. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream
  readonly #start = performance.now()
  #last = 0

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  show(what: string, done: number, of: number): void {
    const now = performance.now()
    const { isTTY } = this.#stream
    if (now - this.#last < (isTTY ? pictures : lines) && done < of) return
    this.#last = now
    const seconds = (now - this.#start) / 1000
    const left = done === 0 ? '' : `, ${Math.ceil(((of - done) * seconds) / done)} s left`
    const text = `${what}: ${done} of ${of}${left}`
    if (!isTTY) return void this.#stream.write(`${text}\n`)
    const full = of === 0 ? width : Math.round((done / of) * width)
    this.#stream.write(`\r\u001b[K[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${text}`)
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K')
  }
}

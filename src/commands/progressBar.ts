const width = 40
/** Milliseconds between two pictures of the bar, and between two lines where there is no terminal. */
const pictures = 100
const lines = 10_000

/** Where progress is shown: `process.stderr`, say. */
interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** How far something is: a bar on a terminal, else a line now and then. */
export class ProgressBar {
  readonly #screen: Screen
  readonly #clock: () => number
  #what: string | undefined
  #start = 0
  #last = -Infinity

  /** @param clock milliseconds since some moment */
  constructor(screen: Screen, clock: () => number = () => performance.now()) {
    this.#screen = screen
    this.#clock = clock
  }

  /** @param what is counted: each sort of things is timed by itself */
  show(what: string, done: number, of: number): void {
    const now = this.#clock()
    if (what !== this.#what) {
      this.#what = what
      this.#start = now
    }
    const { isTTY } = this.#screen
    if (now - this.#last < (isTTY ? pictures : lines) && done < of) return
    this.#last = now
    const seconds = (now - this.#start) / 1000
    const left = seconds === 0 || done === 0 ? '' : `, ${Math.ceil(((of - done) * seconds) / done)} s left`
    const text = `${what}: ${done} of ${of}${left}`
    if (!isTTY) return void this.#screen.write(`${text}\n`)
    const full = of === 0 ? width : Math.round((done / of) * width)
    this.#screen.write(`\r\u001b[K[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${text}`)
  }

  clear(): void {
    if (this.#screen.isTTY) this.#screen.write('\r\u001b[K')
  }
}

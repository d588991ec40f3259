import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Bytes of lines that may wait to be handled. */
const mostWaiting = 1024 * 1024
/** Bytes that a line costs beside its characters, so that short ones do not come by the hundred thousand. */
const lineCost = 100
/** Bytes. More than the pipes of a program can hold when it ends. */
const lastWords = 2 * 1024 * 1024

/**
 * The lines of one program that are not handled yet. While there are many, its pipes are not read, so the program waits.
 */
export class Backlog {
  readonly #pipes: Readable[] = []
  #waiting = 0
  #freely = 0

  /** Pipes that wait together: who is slow to handle the one has no time for the other. */
  hold(...pipes: readonly Readable[]): void {
    this.#pipes.push(...pipes)
  }

  /** A line is to be handled. @returns what it counts, for `handled` */
  add(line: string): number {
    const size = line.length + lineCost
    this.#waiting += size
    this.#turn()
    return size
  }

  /** @param size sum of what the lines count */
  handled(size: number): void {
    this.#waiting -= size
    this.#turn()
  }

  /** These bytes were read. */
  read(bytes: number): void {
    if (this.#freely === 0) return
    this.#freely = Math.max(0, this.#freely - bytes)
    this.#turn()
  }

  /** The program has ended: what it left in its pipes is read whatever waits, since they are not kept open for long. */
  ended(): void {
    this.#freely = lastWords
    this.#turn()
  }

  /**
   * Resolves when everything was read that the program left in its pipes. Call it after `ended`. Other processes may
   * keep the pipes open and write into them: it resolves nevertheless.
   */
  async drained(): Promise<void> {
    let before: number | undefined
    while (this.#freely > 0 && this.#freely !== before) {
      before = this.#freely
      // Node reads what has arrived once in each turn of its loop. The first of these two may end the current turn.
      await nextTurn()
      await nextTurn()
    }
  }

  #turn(): void {
    const full = this.#waiting > mostWaiting && this.#freely === 0
    for (const pipe of this.#pipes) {
      if (pipe.isPaused() === full) continue
      if (full) pipe.pause()
      else pipe.resume()
    }
  }
}

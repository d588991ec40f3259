import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Bytes of lines that may wait to be handled. */
const mostWaiting = 1024 * 1024
/** Bytes that each line counts in addition to its characters, so that many short lines have a limit too. */
const lineCost = 100
/** Bytes that a program may leave in its pipes when it ends. Chosen larger than any pipe. */
const leftInPipes = 2 * 1024 * 1024

/**
 * The lines of one program that were read and are not handled yet. While there are too many of them, the
 * program's pipes are not read, so the program has to wait.
 */
export class Backlog {
  readonly #pipes: Readable[] = []
  #waiting = 0
  #readAnyway = 0

  /** Pipes to pause together: whoever is slow to handle the lines of one has no time for the others. */
  control(...pipes: readonly Readable[]): void {
    this.#pipes.push(...pipes)
  }

  /** Adds a line that waits to be handled. @returns its size, which is passed to `handled` later */
  add(line: string): number {
    const size = line.length + lineCost
    this.#waiting += size
    this.#pauseOrResume()
    return size
  }

  /** @param size sum of the sizes of the handled lines */
  handled(size: number): void {
    this.#waiting -= size
    this.#pauseOrResume()
  }

  /** Counts bytes that were read from a pipe. */
  read(bytes: number): void {
    if (this.#readAnyway === 0) return
    this.#readAnyway = Math.max(0, this.#readAnyway - bytes)
    this.#pauseOrResume()
  }

  /**
   * The program has ended. What it left in its pipes is read however many lines are waiting, because the
   * pipes are closed soon.
   */
  ended(): void {
    this.#readAnyway = leftInPipes
    this.#pauseOrResume()
  }

  /**
   * Resolves when everything was read that the program left in its pipes. Call it after `ended`. Other
   * processes may keep the pipes open and write into them: it resolves nevertheless.
   */
  async drained(): Promise<void> {
    let before: number | undefined
    while (this.#readAnyway > 0 && this.#readAnyway !== before) {
      before = this.#readAnyway
      // Node reads what has arrived once in each turn of its loop. The first of these two may end the current
      // turn.
      await nextTurn()
      await nextTurn()
    }
  }

  #pauseOrResume(): void {
    const full = this.#waiting > mostWaiting && this.#readAnyway === 0
    for (const pipe of this.#pipes) {
      if (pipe.isPaused() === full) continue
      if (full) pipe.pause()
      else pipe.resume()
    }
  }
}

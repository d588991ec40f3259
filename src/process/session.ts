import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { LineSplitter } from './lines.ts'
import { noteGroup } from './live.ts'
import { terminateGroup } from './terminate.ts'
import { yieldProgram } from './yielding.ts'

export interface SessionOptions {
  /** Set on top of the server's own environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Bytes of a line of stdout at most; the rest of the line is dropped. */
  readonly maxLine?: number
  /** Milliseconds between the polite request to end and the kill. */
  readonly graceMs: number
}

/**
 * A program that stays to be talked to, line by line, in a process group of its own. It does not keep the server from
 * ending, and ends when its input does. One that cannot be started counts as one that ended.
 */
export class Session {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #graceMs: number
  /** Settles when the program has ended. */
  readonly closed: Promise<void>
  /** Takes what the program writes to stdout. */
  onLine: (line: string) => void = () => {}
  #alive = true

  constructor(command: string, args: readonly string[], { env, maxLine, graceMs }: SessionOptions) {
    this.#graceMs = graceMs
    this.#child = spawn(command, args, {
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    yieldProgram(this.#child)
    this.closed = new Promise((resolve) => {
      const forget = noteGroup(Promise.resolve(this.#child.pid))
      const gone = () => {
        forget()
        this.#alive = false
        resolve()
      }
      this.#child.once('error', gone).once('close', gone)
    })
    this.#child.stdin.on('error', () => {})
    const lines = new LineSplitter((line) => this.onLine(line), maxLine)
    this.#child.stdout.on('data', (chunk: Buffer) => lines.write(chunk))
    this.unref()
  }

  /** Somebody waits for it: the server does not end meanwhile. */
  ref(): void {
    for (const one of this.#handles()) one.ref()
  }

  /** Nobody waits for it: the server may end. */
  unref(): void {
    for (const one of this.#handles()) one.unref()
  }

  #handles(): readonly { ref(): unknown; unref(): unknown }[] {
    const pipes = [this.#child.stdin, this.#child.stdout].filter((pipe) => pipe instanceof Socket)
    return [this.#child, ...pipes]
  }

  get alive(): boolean {
    return this.#alive
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  async close(): Promise<void> {
    this.#child.stdin.end()
    if (this.#alive && this.#child.pid !== undefined) await terminateGroup(this.#child.pid, this.#graceMs)
    await this.closed
  }
}

import { MessageChannel } from 'node:worker_threads'
import type { ProgramOptions } from './program.ts'
import { programThread } from './programThread.ts'

export interface SessionOptions extends Pick<ProgramOptions, 'cwd' | 'env' | 'onlyEnv' | 'user'> {
  /** Bytes of a line of stdout at most; the rest of the line is dropped. */
  readonly maxLine?: number
  /** Milliseconds between the polite request to end and the kill. */
  readonly graceMs: number
}

/**
 * A program that stays to be talked to, line by line, in a process group of its own; another thread starts it, as `run`
 * has it. It does not keep the server from ending, and ends when its input does. One that cannot be started counts as
 * one that ended.
 */
export class Session {
  readonly #talk = new MessageChannel()
  readonly #stop = new AbortController()
  /** Settles when the program has ended. */
  readonly closed: Promise<void>
  /** Takes what the program writes to stdout. */
  onLine: (line: string) => void = () => {}
  #pid: number | undefined
  #alive = true
  #release: (() => void) | undefined

  constructor(command: string, args: readonly string[], options: SessionOptions) {
    const onStdout = (line: string) => this.onLine(line)
    const gone = () => {
      this.#alive = false
      this.#talk.port1.close()
      this.unref()
    }
    this.closed = programThread
      .run(
        command,
        args,
        { ...options, signal: this.#stop.signal, onStdout },
        { port: this.#talk.port2, onStarted: (pid) => (this.#pid = pid) },
      )
      .then(gone, gone)
  }

  /** Somebody waits for it: the server does not end meanwhile. */
  ref(): void {
    if (this.#alive) this.#release ??= programThread.hold()
  }

  /** Nobody waits for it: the server may end. */
  unref(): void {
    this.#release?.()
    this.#release = undefined
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Undefined before it has started. */
  get pid(): number | undefined {
    return this.#pid
  }

  write(line: string): void {
    this.#talk.port1.postMessage(`${line}\n`)
  }

  async close(): Promise<void> {
    this.ref()
    this.#talk.port1.close()
    this.#stop.abort()
    await this.closed
  }
}

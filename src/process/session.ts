import { MessageChannel } from 'node:worker_threads'
import type { ProgramOptions } from './program.ts'
import { programThread } from './programThread.ts'

export interface SessionOptions extends Pick<ProgramOptions, 'cwd' | 'env' | 'onlyEnv' | 'user'> {
  /** Most bytes of a line of stdout. The rest of the line is dropped. */
  readonly maxLine?: number
  /** Milliseconds from asking the program to end until it is killed. */
  readonly graceMs: number
}

/**
 * A program that stays running and takes and answers lines, in its own process group. As with `run`, another
 * thread starts it. It does not keep the server running, and it ends when its stdin ends. If it cannot be
 * started, the session behaves as if the program had ended.
 */
export class Session {
  readonly #channel = new MessageChannel()
  readonly #stop = new AbortController()
  /** Settles when the program has ended. */
  readonly closed: Promise<void>
  /** Receives what the program writes to stdout. */
  onLine: (line: string) => void = () => {}
  #pid: number | undefined
  #alive = true
  #release: (() => void) | undefined

  constructor(command: string, args: readonly string[], options: SessionOptions) {
    const onStdout = (line: string) => this.onLine(line)
    const gone = () => {
      this.#alive = false
      this.#channel.port1.close()
      this.unref()
    }
    this.closed = programThread
      .run(
        command,
        args,
        { ...options, signal: this.#stop.signal, onStdout },
        { port: this.#channel.port2, onStarted: (pid) => (this.#pid = pid) },
      )
      .then(gone, gone)
  }

  /** Keeps the server running while somebody waits for the program. */
  ref(): void {
    if (this.#alive) this.#release ??= programThread.keepProcessAlive()
  }

  /** Nobody waits for the program any more, so the server may end. */
  unref(): void {
    this.#release?.()
    this.#release = undefined
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Undefined until the program has started. */
  get pid(): number | undefined {
    return this.#pid
  }

  write(line: string): void {
    this.#channel.port1.postMessage(`${line}\n`)
  }

  async close(): Promise<void> {
    this.ref()
    this.#channel.port1.close()
    this.#stop.abort()
    await this.closed
  }
}

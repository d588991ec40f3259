import type { Worker } from 'node:worker_threads'
import { OutputTooLarge, ProgramNotStarted } from './failures.ts'
import { noteGroup } from './live.ts'
import type { Finished, ProgramOptions } from './program.ts'
import type { Fault, OutputLine, Said, Told } from './programMessages.ts'
import { startThread } from './startThread.ts'

interface Running {
  readonly command: string
  readonly onLine: (line: OutputLine) => void
  /** Undefined where it was not started. */
  readonly pid: PromiseWithResolvers<number | undefined>
  readonly result: PromiseWithResolvers<Finished>
}

/** Runs programs by way of a thread, which begins with the first and does not keep the process running. */
export class ProgramThread {
  #worker: Worker | undefined
  readonly #running = new Map<number, Running>()
  #started = 0

  /** See `run`. */
  async run(command: string, args: readonly string[], options: ProgramOptions): Promise<Finished> {
    const { signal, env, onStdout, onStderr, ...plain } = options
    signal.throwIfAborted()
    const worker = (this.#worker ??= this.#start())
    const program = this.#started++
    const running: Running = {
      command,
      onLine: ({ from, line }) => (from === 'stdout' ? onStdout : onStderr)?.(line),
      pid: Promise.withResolvers(),
      result: Promise.withResolvers(),
    }
    const end = () => tell(worker, { kind: 'end', program })
    const forget = noteGroup(running.pid.promise)
    this.#running.set(program, running)
    worker.ref()
    signal.addEventListener('abort', end, { once: true })
    try {
      const lines = { stdoutLines: onStdout !== undefined, stderrLines: onStderr !== undefined }
      const told = { ...plain, ...lines, env: { ...process.env, ...env } }
      tell(worker, { kind: 'start', program, command, args, options: told })
      const finished = await running.result.promise
      signal.throwIfAborted()
      return finished
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', end)
      running.pid.resolve(undefined)
      forget()
      this.#running.delete(program)
      if (this.#running.size === 0) worker.unref()
    }
  }

  #start(): Worker {
    const worker = startThread(import.meta.url, 'programWorker')
    const lose = (why: unknown) => this.#lose(worker, why)
    return worker
      .on('message', (said: Said) => this.#hear(worker, said))
      .on('error', lose)
      .on('exit', lose)
  }

  #hear(worker: Worker, said: Said): void {
    const running = this.#running.get(said.program)
    if (!running) return
    switch (said.kind) {
      case 'started':
        return running.pid.resolve(said.pid)
      case 'lines':
        try {
          return said.lines.forEach(running.onLine)
        } finally {
          tell(worker, { kind: 'handled', program: said.program, size: said.size })
        }
      case 'finished':
        return running.result.resolve(said.finished)
      case 'failed':
        return running.result.reject(errorOf(said.fault, running.command))
    }
  }

  /** The thread is gone, and nobody reads what its programs write; the next program has a new one. */
  #lose(worker: Worker, why: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const cause = why instanceof Error ? why : new Error('the thread that runs programs ended')
    for (const { result, command } of this.#running.values()) {
      result.reject(new ProgramNotStarted(command, { cause }))
    }
  }
}

function tell(worker: Worker, told: Told): void {
  worker.postMessage(told, [])
}

function errorOf(fault: Fault, command: string): unknown {
  switch (fault.kind) {
    case 'notStarted':
      return new ProgramNotStarted(command, {
        cause: Object.assign(new Error(fault.message), { code: fault.code }),
      })
    case 'tooLarge':
      return new OutputTooLarge(command, fault.maxStdout)
    case 'other':
      return fault.cause
  }
}

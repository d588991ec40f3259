import type { MessagePort, Transferable, Worker } from 'node:worker_threads'
import { OutputTooLarge, ProgramLost, ProgramNotStarted } from './failures.ts'
import { noteGroup } from './live.ts'
import { GRACE_MS, type Finished, type ProgramOptions } from './program.ts'
import type { Fault, OutputLine, Said, Told } from './programMessages.ts'
import { startThread } from '../work/startThread.ts'
import { terminateGroup } from './terminate.ts'

interface Running {
  readonly command: string
  /** Milliseconds. */
  readonly grace: number
  readonly onLine: (line: OutputLine) => void
  /** Undefined where it was not started. */
  readonly pid: PromiseWithResolvers<number | undefined>
  readonly result: PromiseWithResolvers<Finished>
}

/** For a program that is talked to: it does not keep the process running. */
export interface Talk {
  /** See `RunHereOptions`; the thread takes it. */
  readonly port: MessagePort
  readonly onStarted: (pid: number | undefined) => void
}

/** Runs programs by way of a thread, which begins with the first and does not keep the process running. */
export class ProgramThread {
  #worker: Worker | undefined
  readonly #running = new Map<number, Running>()
  #started = 0
  #holders = 0

  /** See `run`. */
  async run(
    command: string,
    args: readonly string[],
    options: ProgramOptions,
    talk?: Talk,
  ): Promise<Finished> {
    const { signal, env, onlyEnv = false, onStarted, onStdout, onStderr, ...plain } = options
    signal.throwIfAborted()
    const worker = (this.#worker ??= this.#start(command))
    const program = this.#started++
    const running: Running = {
      command,
      grace: plain.graceMs ?? GRACE_MS,
      onLine: ({ from, line }) => (from === 'stdout' ? onStdout : onStderr)?.(line),
      pid: Promise.withResolvers(),
      result: Promise.withResolvers(),
    }
    const end = () => tell(worker, { kind: 'end', program })
    const forget = noteGroup(running.pid.promise)
    this.#running.set(program, running)
    if (talk) void running.pid.promise.then(talk.onStarted)
    if (onStarted) void running.pid.promise.then((pid) => pid !== undefined && onStarted(pid))
    const release = talk ? this.#refer() : this.hold()
    signal.addEventListener('abort', end, { once: true })
    try {
      const lines = { stdoutLines: onStdout !== undefined, stderrLines: onStderr !== undefined }
      const port = talk ? { talk: talk.port } : {}
      const told = { ...plain, ...lines, ...port, env: onlyEnv ? { ...env } : { ...process.env, ...env } }
      tell(worker, { kind: 'start', program, command, args, options: told }, Object.values(port))
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
      release?.()
    }
  }

  /** From now on the thread keeps the process running, until the function that it answers is called, once. */
  hold(): () => void {
    this.#holders++
    this.#refer()
    return () => {
      this.#holders--
      this.#refer()
    }
  }

  #refer(): void {
    if (this.#holders > 0) this.#worker?.ref()
    else this.#worker?.unref()
  }

  #start(command: string): Worker {
    const worker = threadFor(command)
    let cause = new Error('the thread that runs programs ended')
    return worker
      .on('message', (said: Said) => this.#hear(worker, said))
      .on('error', (error: Error) => (cause = error))
      .on('exit', () => this.#lose(cause))
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

  /** The thread is gone, and nobody reads what its programs write: they end. The next program has a new one. */
  #lose(cause: Error): void {
    this.#worker = undefined
    const lost = [...this.#running.values()]
    this.#running.clear()
    for (const running of lost) void endLost(running, cause)
  }
}

/** The one that this process has. */
export const programThread = new ProgramThread()

/** @throws ProgramNotStarted where the system has no room for a thread */
function threadFor(command: string): Worker {
  try {
    return startThread(import.meta.url, 'programWorker')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const cause = new Error(`a thread cannot be started: ${why}`, { cause: error })
    throw new ProgramNotStarted(command, { cause })
  }
}

/** Ends a program that has lost its thread; who waits for it hears of it then. */
async function endLost({ command, grace, pid, result }: Running, cause: Error): Promise<void> {
  pid.resolve(undefined)
  const leader = await pid.promise
  if (leader === undefined) return result.reject(new ProgramNotStarted(command, { cause }))
  await terminateGroup(leader, grace).catch(() => {})
  result.reject(new ProgramLost(command, { cause }))
}

function tell(worker: Worker, told: Told, transfer: readonly Transferable[] = []): void {
  worker.postMessage(told, transfer)
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

import type { MessagePort, Transferable, Worker } from 'node:worker_threads'
import { OutputTooLarge, ProgramLost, ProgramNotStarted } from './failures.ts'
import { trackGroup } from './runningGroups.ts'
import { defaultGraceMs, type Finished, type ProgramOptions } from './program.ts'
import type { Fault, OutputLine, ThreadCommand, ThreadEvent } from './programMessages.ts'
import { startThread } from '../work/startThread.ts'
import { terminateGroup } from './terminate.ts'

interface Running {
  readonly command: string
  /** Milliseconds. */
  readonly grace: number
  readonly onLine: (line: OutputLine) => void
  /** Undefined if the program was not started. */
  readonly pid: PromiseWithResolvers<number | undefined>
  readonly result: PromiseWithResolvers<Finished>
}

/** Writes to a program while it runs. A program with such a channel does not keep this process running. */
interface StdinChannel {
  /** See `RunHereOptions`. The port is transferred to the thread. */
  readonly port: MessagePort
  readonly onStarted: (pid: number | undefined) => void
}

/**
 * Runs programs in a thread. The thread starts with the first program and does not keep this process running.
 * @internal A test ends the thread of a second one.
 */
export class ProgramThread {
  #worker: Worker | undefined
  readonly #running = new Map<number, Running>()
  #started = 0
  #reasonsToStay = 0

  /** See `run`. */
  async run(
    command: string,
    args: readonly string[],
    options: ProgramOptions,
    stdin?: StdinChannel,
  ): Promise<Finished> {
    const { signal, env, onlyEnv = false, onStarted, onStdout, onStderr, ...plain } = options
    signal.throwIfAborted()
    const worker = (this.#worker ??= this.#start(command))
    const program = this.#started++
    const running: Running = {
      command,
      grace: plain.graceMs ?? defaultGraceMs,
      onLine: ({ from, line }) => (from === 'stdout' ? onStdout : onStderr)?.(line),
      pid: Promise.withResolvers(),
      result: Promise.withResolvers(),
    }
    const end = () => send(worker, { kind: 'end', program })
    const untrack = trackGroup(running.pid.promise)
    this.#running.set(program, running)
    if (stdin) void running.pid.promise.then(stdin.onStarted)
    if (onStarted) void running.pid.promise.then((pid) => pid !== undefined && onStarted(pid))
    const release = stdin ? this.#refOrUnref() : this.keepProcessAlive()
    signal.addEventListener('abort', end, { once: true })
    try {
      const lines = { stdoutLines: onStdout !== undefined, stderrLines: onStderr !== undefined }
      const port = stdin ? { stdin: stdin.port } : {}
      const sent = { ...plain, ...lines, ...port, env: onlyEnv ? { ...env } : { ...process.env, ...env } }
      send(worker, { kind: 'start', program, command, args, options: sent }, Object.values(port))
      const finished = await running.result.promise
      signal.throwIfAborted()
      return finished
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', end)
      running.pid.resolve(undefined)
      untrack()
      this.#running.delete(program)
      release?.()
    }
  }

  /** Until the returned function is called (once), the thread keeps this process running. */
  keepProcessAlive(): () => void {
    this.#reasonsToStay++
    this.#refOrUnref()
    return () => {
      this.#reasonsToStay--
      this.#refOrUnref()
    }
  }

  #refOrUnref(): void {
    if (this.#reasonsToStay > 0) this.#worker?.ref()
    else this.#worker?.unref()
  }

  #start(command: string): Worker {
    const worker = threadFor(command)
    let cause = new Error('the thread that runs programs ended')
    return worker
      .on('message', (event: ThreadEvent) => this.#onEvent(worker, event))
      .on('error', (error: Error) => (cause = error))
      .on('exit', () => this.#onThreadEnd(cause))
  }

  #onEvent(worker: Worker, event: ThreadEvent): void {
    const running = this.#running.get(event.program)
    if (!running) return
    switch (event.kind) {
      case 'started':
        return running.pid.resolve(event.pid)
      case 'lines':
        try {
          return event.lines.forEach(running.onLine)
        } finally {
          send(worker, { kind: 'handled', program: event.program, size: event.size })
        }
      case 'finished':
        return running.result.resolve(event.finished)
      case 'failed':
        return running.result.reject(errorOf(event.fault, running.command))
    }
  }

  /**
   * Ends the programs of a thread that has ended: nobody reads their output. The next program gets a new
   * thread.
   */
  #onThreadEnd(cause: Error): void {
    this.#worker = undefined
    const lost = [...this.#running.values()]
    this.#running.clear()
    for (const running of lost) void endLost(running, cause)
  }
}

/** The only one of this process. */
export const programThread = new ProgramThread()

/** @throws ProgramNotStarted if the system has no room for a thread */
function threadFor(command: string): Worker {
  try {
    return startThread(import.meta.url, 'programWorker')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const cause = new Error(`a thread cannot be started: ${why}`, { cause: error })
    throw new ProgramNotStarted(command, { cause })
  }
}

/** Ends a program whose thread has ended, then rejects its result. */
async function endLost({ command, grace, pid, result }: Running, cause: Error): Promise<void> {
  pid.resolve(undefined)
  const leader = await pid.promise
  if (leader === undefined) return result.reject(new ProgramNotStarted(command, { cause }))
  await terminateGroup(leader, grace).catch(() => {})
  result.reject(new ProgramLost(command, { cause }))
}

function send(worker: Worker, command: ThreadCommand, transfer: readonly Transferable[] = []): void {
  worker.postMessage(command, transfer)
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

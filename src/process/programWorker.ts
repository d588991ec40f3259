import { parentPort } from 'node:worker_threads'
import { codeOf } from './errno.ts'
import { OutputTooLarge, ProgramNotStarted } from './failures.ts'
import type { Fault, OutputLine, Said, Told } from './programMessages.ts'
import { runHere } from './runHere.ts'
import { Watchdog } from './watchdog.ts'

/** The program of the thread that starts programs. */
parentPort?.on('message', (told: Told) => {
  if (told.kind === 'start') void start(told)
  else running.get(told.program)?.abort()
})

const running = new Map<number, AbortController>()
const watchdog = new Watchdog()

function say(said: Said): void {
  parentPort?.postMessage(said, [])
}

async function start({ program, command, args, options }: Extract<Told, { kind: 'start' }>): Promise<void> {
  const { stdoutLines, stderrLines, ...rest } = options
  const controller = new AbortController()
  running.set(program, controller)
  let leader: number | undefined
  let lines: OutputLine[] = []
  const flush = () => {
    if (lines.length > 0) say({ kind: 'lines', program, lines })
    lines = []
  }
  const take = (from: OutputLine['from']) => (line: string) => {
    if (lines.push({ from, line }) === 1) setImmediate(flush)
  }
  try {
    const finished = await runHere(command, args, {
      ...rest,
      signal: controller.signal,
      onStarted: (pid) => {
        leader = pid
        watchdog.watch(pid)
        say({ kind: 'started', program, pid })
      },
      ...(stdoutLines ? { onStdout: take('stdout') } : {}),
      ...(stderrLines ? { onStderr: take('stderr') } : {}),
    })
    flush()
    say({ kind: 'finished', program, finished })
  } catch (error) {
    flush()
    say({ kind: 'failed', program, fault: faultOf(error) })
  } finally {
    running.delete(program)
    if (leader !== undefined) watchdog.forget(leader)
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof OutputTooLarge) return { kind: 'tooLarge', maxStdout: error.maxStdout }
  if (!(error instanceof ProgramNotStarted) || !(error.cause instanceof Error))
    return { kind: 'other', cause: error }
  const { message } = error.cause
  return { kind: 'notStarted', message, code: codeOf(error.cause) }
}

import { parentPort } from 'node:worker_threads'
import { Backlog } from './backlog.ts'
import { codeOf } from '../work/errno.ts'
import { OutputTooLarge, ProgramNotStarted } from './failures.ts'
import type { Fault, OutputLine, ThreadCommand, ThreadEvent } from './programMessages.ts'
import { runHere } from './runHere.ts'
import { Watchdog } from './watchdog.ts'

/** The program of the thread that starts programs. */
parentPort?.on('message', (command: ThreadCommand) => {
  switch (command.kind) {
    case 'start':
      return void start(command)
    case 'handled':
      return running.get(command.program)?.backlog.handled(command.size)
    case 'end':
      return running.get(command.program)?.controller.abort()
  }
})

const running = new Map<number, { readonly controller: AbortController; readonly backlog: Backlog }>()
const watchdog = new Watchdog()

function emit(event: ThreadEvent): void {
  parentPort?.postMessage(event, [])
}

type StartCommand = Extract<ThreadCommand, { kind: 'start' }>

async function start({ program, command, args, options }: StartCommand): Promise<void> {
  const { stdoutLines, stderrLines, ...rest } = options
  const controller = new AbortController()
  const backlog = new Backlog()
  running.set(program, { controller, backlog })
  let leader: number | undefined
  let lines: OutputLine[] = []
  let size = 0
  const flush = () => {
    if (lines.length > 0) emit({ kind: 'lines', program, lines, size })
    lines = []
    size = 0
  }
  const take = (from: OutputLine['from']) => (line: string) => {
    size += backlog.add(line)
    if (lines.push({ from, line }) === 1) setImmediate(flush)
  }
  try {
    const finished = await runHere(command, args, {
      ...rest,
      backlog,
      signal: controller.signal,
      onStarted: (pid) => {
        leader = pid
        watchdog.watch(pid)
        emit({ kind: 'started', program, pid })
      },
      ...(stdoutLines ? { onStdout: take('stdout') } : {}),
      ...(stderrLines ? { onStderr: take('stderr') } : {}),
    })
    flush()
    emit({ kind: 'finished', program, finished })
  } catch (error) {
    flush()
    emit({ kind: 'failed', program, fault: faultOf(error) })
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

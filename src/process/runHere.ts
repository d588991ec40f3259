import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { MessagePort } from 'node:worker_threads'
import type { Backlog } from './backlog.ts'
import { OutputTooLarge, ProgramNotStarted } from './failures.ts'
import { LineSplitter, MAX_LINE } from './lines.ts'
import { GRACE_MS, type Finished, type ProgramOptions } from './program.ts'
import { Tail } from './tail.ts'
import { terminateGroup } from './terminate.ts'
import { yieldProgram } from './yielding.ts'

const TAIL_LINES = 40
const MAX_STDOUT = 64 * 1024 * 1024

/** `ProgramOptions`, for the thread that starts programs. */
export interface RunHereOptions extends Omit<ProgramOptions, 'env'> {
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv
  /** Holds the program back. */
  readonly backlog: Backlog
  /** Has texts for stdin, which ends when this is closed; instead of `input`. */
  readonly talk?: MessagePort
  readonly onStarted: (pid: number) => void
}

/** What `run` says, on the thread that calls this: it is blocked until the copy of this process has become the program. */
export async function runHere(
  command: string,
  args: readonly string[],
  options: RunHereOptions,
): Promise<Finished> {
  const { signal, backlog, graceMs = GRACE_MS, maxStdout = MAX_STDOUT, maxLine = MAX_LINE } = options
  signal.throwIfAborted()
  const child = await start(command, args, options)
  const ended = endOf(child)
  if (child.pid !== undefined) {
    yieldProgram(child)
    options.onStarted(child.pid)
  }
  if (options.talk) relay(options.talk, child)
  else feed(child.stdin, options.input)

  let ending: Promise<void> | undefined
  const end = () => void (ending ??= endGroup(child, graceMs))
  // Under load the thread may get no time to read before the grace is over.
  const endRest = () => void (ending ??= endGroup(child, graceMs, () => backlog.drained()))

  let tooLarge = false
  const collected: Buffer[] = []
  let size = 0
  const stdoutLines = options.onStdout && new LineSplitter(options.onStdout, maxLine)
  child.stdout.on('data', (chunk: Buffer) => {
    backlog.read(chunk.length)
    if (stdoutLines) return stdoutLines.write(chunk)
    size += chunk.length
    tooLarge = size > maxStdout
    if (tooLarge) end()
    else collected.push(chunk)
  })

  const tail = new Tail(TAIL_LINES)
  const stderrLines = new LineSplitter((line) => {
    tail.push(line)
    options.onStderr?.(line)
  }, maxLine)
  child.stderr.on('data', (chunk: Buffer) => {
    backlog.read(chunk.length)
    stderrLines.write(chunk)
  })
  backlog.hold(child.stdout, child.stderr)

  // What the program left behind may hold its pipes open for ever.
  child.once('exit', () => {
    backlog.ended()
    const timer = setTimeout(endRest, graceMs)
    child.once('close', () => clearTimeout(timer))
  })

  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  try {
    const { code, killedBy } = await ended
    await ending
    signal.throwIfAborted()
    if (tooLarge) throw new OutputTooLarge(command, maxStdout)
    stdoutLines?.end()
    stderrLines.end()
    return {
      code,
      signal: killedBy,
      stdout: Buffer.concat(collected).toString('utf8'),
      stderrTail: tail.lines,
    }
  } finally {
    signal.removeEventListener('abort', end)
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

async function start(command: string, args: readonly string[], options: RunHereOptions): Promise<Child> {
  try {
    const child = spawn(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    if (child.pid === undefined) await once(child, 'spawn')
    return child
  } catch (cause) {
    if (cause instanceof Error) throw new ProgramNotStarted(command, { cause })
    throw cause
  }
}

function endOf(child: Child): Promise<{ code: number | null; killedBy: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, killedBy) => resolve({ code, killedBy }))
  })
}

function feed(stdin: Writable, input: string | Uint8Array | undefined): void {
  // A program may end without having read its input.
  stdin.on('error', () => {})
  stdin.end(input)
}

function relay(talk: MessagePort, child: Child): void {
  child.stdin.on('error', () => {})
  talk.on('message', (text: string) => child.stdin.write(text)).on('close', () => child.stdin.end())
  child.once('close', () => talk.close())
}

/** Ends the group, and closes the pipes, since a process outside the group may still hold them. */
async function endGroup(
  child: Child,
  graceMs: number,
  beforeClosing: () => Promise<void> = async () => {},
): Promise<void> {
  if (child.pid === undefined) return
  await terminateGroup(child.pid, graceMs)
  await beforeClosing()
  child.stdout.destroy()
  child.stderr.destroy()
}

import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { MessagePort } from 'node:worker_threads'
import type { Backlog } from './backlog.ts'
import { OutputTooLarge, ProgramNotStarted } from './failures.ts'
import { defaultMaxLine, LineSplitter } from './lines.ts'
import { defaultGraceMs, type Finished, type ProgramOptions } from './program.ts'
import { Tail } from './tail.ts'
import { terminateGroup } from './terminate.ts'
import { yieldProgram } from './yielding.ts'

/** Lines of stderr that a result has. */
const tailLines = 40
/** Bytes. */
const defaultMaxStdout = 64 * 1024 * 1024

/** `ProgramOptions` for the thread that starts programs. */
interface RunHereOptions extends Omit<ProgramOptions, 'env' | 'onlyEnv' | 'onStarted'> {
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv
  /** Makes the program wait while too many of its lines are not handled. */
  readonly backlog: Backlog
  /** Receives texts for stdin, instead of `input`. Stdin ends when the port is closed. */
  readonly stdin?: MessagePort
  readonly onStarted: (pid: number) => void
}

/**
 * `run`, but on the calling thread, which is blocked until the copy of this process has become the program.
 */
export async function runHere(
  command: string,
  args: readonly string[],
  options: RunHereOptions,
): Promise<Finished> {
  const {
    signal,
    backlog,
    graceMs = defaultGraceMs,
    maxStdout = defaultMaxStdout,
    maxLine = defaultMaxLine,
  } = options
  signal.throwIfAborted()
  const child = await start(command, args, options)
  const ended = endOf(child)
  if (child.pid !== undefined) {
    yieldProgram(child)
    options.onStarted(child.pid)
  }
  if (options.stdin) relay(options.stdin, child)
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

  const tail = new Tail(tailLines)
  const stderrLines = new LineSplitter((line) => {
    tail.push(line)
    options.onStderr?.(line)
  }, maxLine)
  child.stderr.on('data', (chunk: Buffer) => {
    backlog.read(chunk.length)
    stderrLines.write(chunk)
  })
  backlog.control(child.stdout, child.stderr)

  // Processes that the program left behind could keep its pipes open for ever.
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
      // libuv leaves all supplementary groups when it changes to another user.
      ...options.user,
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
  // A program may end before it has read its input.
  stdin.on('error', () => {})
  stdin.end(input)
}

function relay(port: MessagePort, child: Child): void {
  child.stdin.on('error', () => {})
  port.on('message', (text: string) => child.stdin.write(text)).on('close', () => child.stdin.end())
  child.once('close', () => port.close())
}

/** Ends the group. Closes the pipes too, because a process outside the group may have them open. */
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

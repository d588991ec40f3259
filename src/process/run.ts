import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { OutputTooLarge, ProgramNotStarted } from './failures.ts'
import { LineSplitter, MAX_LINE } from './lines.ts'
import { noteGroup } from './live.ts'
import { Tail } from './tail.ts'
import { terminateGroup } from './terminate.ts'

const TAIL_LINES = 40
const GRACE_MS = 5_000
const MAX_STDOUT = 64 * 1024 * 1024

export interface ProgramOptions {
  /** Aborting it ends the program and all that it started. */
  readonly signal: AbortSignal
  readonly cwd?: string
  /** Set on top of the server's own environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What the program reads from stdin; without it, stdin is empty. */
  readonly input?: string | Uint8Array
  /** Takes stdout line by line; nothing of it is collected then. */
  readonly onStdout?: (line: string) => void
  readonly onStderr?: (line: string) => void
  /** Bytes of stdout that are collected at most (64 MiB). */
  readonly maxStdout?: number
  /** Bytes of a line at most (64 KiB); the rest of the line is dropped. */
  readonly maxLine?: number
  /** Milliseconds between the polite request to end and the kill (5,000). */
  readonly graceMs?: number
}

/** How a program ended: `code`, or the `signal` that killed it. Lines of stderr at most the last 40. */
export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderrTail: readonly string[]
}

/**
 * Runs a program in a process group (and session, so without a terminal to ask at) of its own, reading both its
 * pipes at once whatever their volume. Settles only when the program has ended and its pipes are closed.
 * @throws ProgramNotStarted, OutputTooLarge, or the signal's reason when that was aborted
 */
export async function run(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<Finished> {
  const { signal, graceMs = GRACE_MS, maxStdout = MAX_STDOUT, maxLine = MAX_LINE } = options
  signal.throwIfAborted()
  const child = await start(command, args, options)
  const ended = endOf(child)
  const forget = noteGroup(child.pid)
  feed(child.stdin, options.input)

  let ending: Promise<void> | undefined
  const end = () => void (ending ??= endGroup(child, graceMs))

  let tooLarge = false
  const collected: Buffer[] = []
  let size = 0
  const stdoutLines = options.onStdout && new LineSplitter(options.onStdout, maxLine)
  child.stdout.on('data', (chunk: Buffer) => {
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
  child.stderr.on('data', (chunk: Buffer) => stderrLines.write(chunk))

  // What the program left behind may hold its pipes open for ever.
  child.once('exit', () => {
    const timer = setTimeout(end, graceMs)
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
    forget()
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

async function start(command: string, args: readonly string[], options: ProgramOptions): Promise<Child> {
  try {
    const child = spawn(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
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

/** Ends the group, and closes the pipes where a process outside the group still holds them. */
async function endGroup(child: Child, graceMs: number): Promise<void> {
  if (child.pid === undefined) return
  await terminateGroup(child.pid, graceMs)
  child.stdout.destroy()
  child.stderr.destroy()
}

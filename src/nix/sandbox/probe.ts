import { codeOf } from '../../work/errno.ts'
import type { Finished, ProgramUser } from '../../process/program.ts'
import { ProgramNotStarted } from '../../process/failures.ts'
import { run as runProgram } from '../../process/run.ts'
import { isolations, type Isolation } from './walls.ts'

/** `nobody`, on all systems that have a name for it: no file belongs to it. */
const nobody: ProgramUser = { uid: 65_534, gid: 65_534 }

/** Milliseconds after which something that should take a tenth of a second does not work. */
const patience = 20_000

/** An isolation that does not work here, and why. */
export interface Refused {
  readonly isolation: Isolation
  readonly why: string
}

/** The best isolation in which something can be run, and those that are better but do not work here. */
export async function findIsolation(
  run: (isolation: Isolation, signal: AbortSignal) => Promise<Finished>,
): Promise<{ readonly isolation: Isolation; readonly refused: readonly Refused[] }> {
  const refused: Refused[] = []
  for (const isolation of isolations) {
    const why = await whyNot(withPatience((signal) => run(isolation, signal)))
    if (why === undefined) return { isolation, refused }
    refused.push({ isolation, why })
  }
  // Not even Nix alone works: whoever starts it is told why.
  return { isolation: 'none', refused }
}

/**
 * The user that evaluators of a server that is root run as. Undefined if this root may not change its user.
 */
export async function findUser(): Promise<ProgramUser | undefined> {
  try {
    await withPatience((signal) => runProgram('/bin/sh', ['-c', ':'], { user: nobody, cwd: '/', signal }))
    return nobody
  } catch (error) {
    const refused = error instanceof ProgramNotStarted && ['EPERM', 'EINVAL'].includes(codeOf(error.cause))
    if (refused) return undefined
    throw error
  }
}

/** Unlike a signal with a time, this leaves no timer behind. */
async function withPatience<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error(`no answer in ${patience / 1000} s`)), patience)
  try {
    return await work(late.signal)
  } finally {
    clearTimeout(timer)
  }
}

async function whyNot(running: Promise<Finished>): Promise<string | undefined> {
  try {
    const { code, stderrTail } = await running
    if (code === 0) return undefined
    return (
      stderrTail.find((line) => /error|refused|denied|not /i.test(line)) ??
      stderrTail[0] ??
      `exit code ${code}`
    )
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

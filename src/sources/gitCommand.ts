import { SourceFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { ProgramLost, ProgramNotStarted } from '../process/failures.ts'
import { run as runProgram, type Finished } from '../process/run.ts'

/** git and what it said went wrong. */
export class GitFailed extends SourceFailed {}

/**
 * Git with the machine's own credentials, but never with a question: programs run without a terminal, so ssh
 * cannot ask either. The repository is the one that the arguments name, not one that the server was started
 * in.
 */
const environment: Readonly<Record<string, string | undefined>> = {
  GIT_TERMINAL_PROMPT: '0',
  SSH_ASKPASS_REQUIRE: 'never',
  LC_ALL: 'C',
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_ALTERNATE_OBJECT_DIRECTORIES: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_PREFIX: undefined,
}

/** What git wrote to stdout. @throws GitFailed with git's words */
export async function git(
  args: readonly string[],
  { signal }: RunOptions,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const finished = await start(args, signal, env)
  if (finished.code === 0) return finished.stdout
  throw new GitFailed(`git ${nameOf(args)} failed: ${wordsOf(finished)}`)
}

/** Whether git says yes (exit code 0) to a question that it may say no to. */
export async function gitAgrees(args: readonly string[], { signal }: RunOptions): Promise<boolean> {
  return (await start(args, signal, {})).code === 0
}

async function start(
  args: readonly string[],
  signal: AbortSignal,
  env: Readonly<Record<string, string>>,
): Promise<Finished> {
  try {
    return await runProgram('git', args, { signal, env: { ...environment, ...env } })
  } catch (cause) {
    if (cause instanceof ProgramNotStarted || cause instanceof ProgramLost)
      throw new SourceFailed(cause.message, { cause })
    throw cause
  }
}

function nameOf(args: readonly string[]): string {
  return args.find((arg) => /^[a-z]+(-[a-z]+)*$/.test(arg)) ?? ''
}

/** Without progress and hints, and without the credentials that an address may hold. */
function wordsOf({ stderrTail, code, signal }: Finished): string {
  const errors = stderrTail.filter((line) => /^(fatal|error|remote):/.test(line))
  const lines = (errors.length > 0 ? errors : stderrTail).map((line) => line.trim()).filter(Boolean)
  const words = lines.join(' ').replace(/:\/\/[^\s/@]*@/g, '://')
  return words || (signal ? `killed by ${signal}` : `exit code ${code}`)
}

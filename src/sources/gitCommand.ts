import { SourceFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { OutputTooLarge, ProgramLost, ProgramNotStarted } from '../process/failures.ts'
import { run as runProgram, type Finished } from '../process/run.ts'
import { withoutSecrets } from '../work/redact.ts'

/** What git, or the ssh that it runs, says about a remote that no second attempt will find. */
const lasting =
  /not found|does not exist|does not appear to be a git repository|Authentication failed|could not read (Username|Password)|returned error: 40[134]|Permission denied|Access denied|Host key verification failed|HOST IDENTIFICATION HAS CHANGED|dubious ownership|unable to find remote helper|not supported or disabled/i

/** git and what it said went wrong. */
export class GitFailed extends SourceFailed {
  /** Whether the address or its credentials are wrong, so that asking again does not help. */
  get isLasting(): boolean {
    return lasting.test(this.message)
  }
}

/**
 * Git with the machine's own credentials, but never with a question: programs run without a terminal, so ssh
 * cannot ask either. The repository is the one that the arguments name, not one that the server was started
 * in. What it lacks is not fetched behind our back: over plain files on a web server that would never end.
 */
const environment: Readonly<Record<string, string | undefined>> = {
  GIT_TERMINAL_PROMPT: '0',
  SSH_ASKPASS_REQUIRE: 'never',
  GIT_NO_LAZY_FETCH: '1',
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
export async function gitAgrees(
  args: readonly string[],
  { signal }: RunOptions,
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  return (await start(args, signal, env)).code === 0
}

async function start(
  args: readonly string[],
  signal: AbortSignal,
  env: Readonly<Record<string, string>>,
): Promise<Finished> {
  try {
    return await runProgram('git', args, { signal, env: { ...environment, ...env } })
  } catch (cause) {
    if (cause instanceof ProgramNotStarted || cause instanceof ProgramLost || cause instanceof OutputTooLarge)
      throw new SourceFailed(cause.message, { cause })
    throw cause
  }
}

function nameOf(args: readonly string[]): string {
  return args.find((arg) => /^[a-z]+(-[a-z]+)*$/.test(arg)) ?? ''
}

/** Lines that say nothing about what went wrong: progress, advice, and the frame that ssh draws. */
const chatter =
  /^(hint|warning):|^(remote: )?(Enumerating|Counting|Compressing|Receiving|Resolving|Updating|Unpacking|Total)\b|^Please make sure you have|^and the repository exists|^@+$|^Warning: Permanently added/
/** Characters: enough for a reason, and too few to flood a log. */
const mostWords = 1_000

/**
 * The reason of a failure, with what ssh said before git gave up, without progress and advice, and without
 * the secrets that an address may hold.
 */
function wordsOf({ stderrTail, code, signal }: Finished): string {
  const lines = stderrTail.map((line) => line.trim()).filter(Boolean)
  const telling = lines.filter((line) => !chatter.test(line))
  // What the remote says may hold anything.
  const words = withoutSecrets((telling.length > 0 ? telling : lines).join(' ')).replaceAll(/\p{Cc}/gu, '')
  if (words === '') return signal ? `killed by ${signal}` : `exit code ${code}`
  return words.length > mostWords ? `… ${words.slice(-mostWords)}` : words
}

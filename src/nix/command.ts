import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { OutputTooLarge, ProgramLost, ProgramNotStarted } from '../process/failures.ts'
import type { Finished, ProgramOptions } from '../process/program.ts'
import { run as runProgram } from '../process/run.ts'
import { NixLog } from './nixLog.ts'

export interface NixOptions {
  /**
   * Seconds that a builder may run (Nix' `--timeout`). Evaluation and downloads are bounded by the signal
   * alone.
   */
  readonly timeout: number
  /** Seconds that a builder may be silent (Nix' `--max-silent-time`); without it, as long as it likes. */
  readonly maxSilent?: number
  /** Folder of the server's own, where links hold what must not be collected. */
  readonly stateDir: string
  /** Set on top of the server's environment for all that Nix runs. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** What ended, and what it said on the way. */
export interface NixOutcome extends Finished {
  readonly log: NixLog
}

/** Log lines as JSON, with what is built and fetched (`-v`). */
export const LOG_ARGS = ['--log-format', 'internal-json', '-v']
/** Bytes: the log line of a builder arrives quoted within JSON. */
const MAX_LOG_LINE = 256 * 1024

/** For commands that may build: how long builders may take. */
export function builderArgs({ timeout, maxSilent }: NixOptions): readonly string[] {
  const silence = maxSilent === undefined ? [] : ['--max-silent-time', String(maxSilent)]
  return ['--timeout', String(timeout), ...silence]
}

/**
 * Runs one of Nix' programs, with its log as events. How it ended is for the caller to judge. @throws
 * NixFailed
 */
export async function runNix(
  program: 'nix-instantiate' | 'nix-store' | 'nix',
  args: readonly string[],
  options: Pick<NixOptions, 'env'>,
  { signal, onEvent }: RunOptions,
): Promise<NixOutcome> {
  const env = options.env ? { env: options.env } : {}
  return runLogged(program, [...LOG_ARGS, ...args], env, { signal, onEvent })
}

/** Runs what writes its log as `LOG_ARGS` say. @throws NixFailed */
export async function runLogged(
  command: string,
  args: readonly string[],
  options: Omit<ProgramOptions, 'signal' | 'onStderr'>,
  { signal, onEvent }: RunOptions,
): Promise<NixOutcome> {
  const log = new NixLog(onEvent)
  try {
    const onStderr = (line: string) => log.read(line)
    const finished = await runProgram(command, args, { ...options, signal, maxLine: MAX_LOG_LINE, onStderr })
    return { ...finished, log }
  } catch (cause) {
    if (cause instanceof ProgramNotStarted)
      throw new NixFailed(`Nix is not to be had: ${cause.message}`, { cause })
    if (cause instanceof OutputTooLarge || cause instanceof ProgramLost)
      throw new NixFailed(cause.message, { cause })
    throw cause
  }
}

/** Nix' last words, for the message of an error. */
export function lastWords({ log, code, signal }: NixOutcome): string {
  const error = log.errors.at(-1)
  if (error) return error.where ? `${error.text} (at ${error.where})` : error.text
  return log.messages.at(-1) ?? (signal ? `killed by ${signal}` : `exit code ${code}`)
}

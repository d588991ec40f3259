/** Milliseconds from asking a program to end until it is killed. */
export const defaultGraceMs = 5_000

/** A user of the system, by number. */
export interface ProgramUser {
  readonly uid: number
  readonly gid: number
}

export interface ProgramOptions {
  /** Aborting it ends the program and everything that it started. */
  readonly signal: AbortSignal
  readonly cwd?: string
  /** Added to the server's own environment. `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Whether the program gets `env` alone, and nothing of the server's own environment. */
  readonly onlyEnv?: boolean
  /** Who the program runs as, without further groups. Only root can choose. */
  readonly user?: ProgramUser
  /** What the program reads from stdin. Without it, stdin is empty. */
  readonly input?: string | Uint8Array
  /** Receives the process id, which is also that of the process group. */
  readonly onStarted?: (pid: number) => void
  /** Receives stdout line by line. Stdout is not collected then. */
  readonly onStdout?: (line: string) => void
  readonly onStderr?: (line: string) => void
  /** Most bytes of stdout to collect (default: 64 MiB). */
  readonly maxStdout?: number
  /** Most bytes of a line (default: 64 KiB). The rest of the line is dropped. */
  readonly maxLine?: number
  /** Milliseconds from asking the program to end until it is killed (default: 5,000). */
  readonly graceMs?: number
}

/**
 * How a program ended: with an exit code, or killed by a signal. `stderrTail` has at most the last 40 lines.
 */
export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderrTail: readonly string[]
}

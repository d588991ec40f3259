/** Milliseconds between the polite request to end and the kill. */
export const GRACE_MS = 5_000

/** A user of the system, by number. */
export interface ProgramUser {
  readonly uid: number
  readonly gid: number
}

export interface ProgramOptions {
  /** Aborting it ends the program and all that it started. */
  readonly signal: AbortSignal
  readonly cwd?: string
  /** Set on top of the server's own environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Whether `env` is all that the program gets: nothing of the server's own environment. */
  readonly onlyEnv?: boolean
  /** Who the program runs as, without further groups. Only root may choose. */
  readonly user?: ProgramUser
  /** What the program reads from stdin; without it, stdin is empty. */
  readonly input?: string | Uint8Array
  /** Gets the process id, which is also that of its group. */
  readonly onStarted?: (pid: number) => void
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

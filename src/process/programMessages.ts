import type { MessagePort } from 'node:worker_threads'
import type { Finished, ProgramOptions } from './program.ts'

/** What the thread that starts programs is told. Programs are told apart by number. */
export type Told =
  | {
      readonly kind: 'start'
      readonly program: number
      readonly command: string
      readonly args: readonly string[]
      readonly options: PlainOptions
    }
  /** Lines that came with this size were handled. */
  | { readonly kind: 'handled'; readonly program: number; readonly size: number }
  /** End it, and all that it started. */
  | { readonly kind: 'end'; readonly program: number }

/** What of the options another thread can be told. */
export interface PlainOptions extends Omit<
  ProgramOptions,
  'signal' | 'env' | 'onlyEnv' | 'onStarted' | 'onStdout' | 'onStderr'
> {
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv
  /** Whether lines are wanted. */
  readonly stdoutLines: boolean
  readonly stderrLines: boolean
  /** See `RunHereOptions`. */
  readonly talk?: MessagePort
}

/** One line of a program's output. */
export interface OutputLine {
  readonly from: 'stdout' | 'stderr'
  readonly line: string
}

/** Why a program did not finish. Errors lose their class and code on the way between threads. */
export type Fault =
  | { readonly kind: 'notStarted'; readonly message: string; readonly code: string }
  | { readonly kind: 'tooLarge'; readonly maxStdout: number }
  | { readonly kind: 'other'; readonly cause: unknown }

/** What the thread says; the last word on a program is `finished` or `failed`. */
export type Said =
  | { readonly kind: 'started'; readonly program: number; readonly pid: number }
  /** To be answered with `handled`. */
  | {
      readonly kind: 'lines'
      readonly program: number
      readonly lines: readonly OutputLine[]
      readonly size: number
    }
  | { readonly kind: 'finished'; readonly program: number; readonly finished: Finished }
  | { readonly kind: 'failed'; readonly program: number; readonly fault: Fault }

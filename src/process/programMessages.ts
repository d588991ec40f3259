import type { MessagePort } from 'node:worker_threads'
import type { Finished, ProgramOptions } from './program.ts'

/** A message to the thread that starts programs. Each program has a number. */
export type ThreadCommand =
  | {
      readonly kind: 'start'
      readonly program: number
      readonly command: string
      readonly args: readonly string[]
      readonly options: PlainOptions
    }
  /** The lines that came with this size are handled. */
  | { readonly kind: 'handled'; readonly program: number; readonly size: number }
  /** End the program and everything that it started. */
  | { readonly kind: 'end'; readonly program: number }

/** `ProgramOptions` as they can be sent to another thread: without functions and signals. */
interface PlainOptions extends Omit<
  ProgramOptions,
  'signal' | 'env' | 'onlyEnv' | 'onStarted' | 'onStdout' | 'onStderr'
> {
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv
  /** Whether somebody listens to the lines. */
  readonly stdoutLines: boolean
  readonly stderrLines: boolean
  /** See `RunHereOptions`. */
  readonly stdin?: MessagePort
}

/** One line of a program's output. */
export interface OutputLine {
  readonly from: 'stdout' | 'stderr'
  readonly line: string
}

/** Why a program did not finish. Errors lose their class and code when they are sent between threads. */
export type Fault =
  | { readonly kind: 'notStarted'; readonly message: string; readonly code: string }
  | { readonly kind: 'tooLarge'; readonly maxStdout: number }
  | { readonly kind: 'other'; readonly cause: unknown }

/** A message from the thread. The last one about a program is `finished` or `failed`. */
export type ThreadEvent =
  | { readonly kind: 'started'; readonly program: number; readonly pid: number }
  /** The receiver answers with `handled`. */
  | {
      readonly kind: 'lines'
      readonly program: number
      readonly lines: readonly OutputLine[]
      readonly size: number
    }
  | { readonly kind: 'finished'; readonly program: number; readonly finished: Finished }
  | { readonly kind: 'failed'; readonly program: number; readonly fault: Fault }

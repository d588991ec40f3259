import type { Finished, ProgramOptions } from './program.ts'
import { programThread } from './programThread.ts'

export type { Finished, ProgramOptions } from './program.ts'

/**
 * Runs a program in a process group (and session, so without a terminal to ask at) of its own, reading both its
 * pipes at once whatever their volume. Settles only when the program has ended and its pipes are closed. Another
 * thread starts it, since that takes milliseconds for each 100 MB of memory that this process has.
 * @throws ProgramNotStarted, ProgramLost, OutputTooLarge, or the signal's reason when that was aborted
 */
export function run(command: string, args: readonly string[], options: ProgramOptions): Promise<Finished> {
  return programThread.run(command, args, options)
}

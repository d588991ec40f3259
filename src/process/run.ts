import type { Finished, ProgramOptions } from './program.ts'
import { programThread } from './programThread.ts'

export type { Finished } from './program.ts'

/**
 * Runs a program in its own process group and session, so it has no terminal to ask questions at. Both pipes
 * are read at the same time, so neither can block the program. Settles when the program has ended and its
 * pipes are closed. Another thread starts the program, because starting one takes milliseconds for each 100
 * MB of memory that this process has.
 * @throws ProgramNotStarted, ProgramLost, OutputTooLarge, or the signal's reason if the signal was aborted
 */
export function run(command: string, args: readonly string[], options: ProgramOptions): Promise<Finished> {
  return programThread.run(command, args, options)
}

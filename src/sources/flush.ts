import { SourceFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { ProgramLost, ProgramNotStarted } from '../process/failures.ts'
import { run as runProgram } from '../process/run.ts'

/**
 * Puts on the disk what was written to the file system of a folder, in one go: tens of thousands of files one
 * by one would take minutes. What gets its name after this is whole, even where the power fails. @throws
 * SourceFailed
 */
export async function flush(folder: string, { signal }: RunOptions): Promise<void> {
  try {
    const { code, stderrTail } = await runProgram('sync', ['-f', folder], { signal })
    if (code !== 0) throw new SourceFailed(`the sources cannot be put on the disk: ${stderrTail.join(' ')}`)
  } catch (cause) {
    if (cause instanceof ProgramNotStarted || cause instanceof ProgramLost)
      throw new SourceFailed(cause.message, { cause })
    throw cause
  }
}

import { writeSync } from 'node:fs'
import type { ProgramUser } from '../../process/program.ts'
import { restrictFiles } from './landlock.ts'
import type { View } from './launch.ts'
import { refuseSockets } from './socketFilter.ts'
import { systemCalls } from './systemCalls.ts'

/** prctl(2): programs that it becomes get no privileges, whatever bits their files have. */
const NO_NEW_PRIVILEGES = 38

/**
 * What the program `confine.ts` gets, as JSON in its first argument. What follows is the program to become.
 */
export interface Confinement {
  readonly view: View
  readonly user?: ProgramUser
}

/**
 * Becomes a program that can open only some files, and no socket. Ends with an error if that cannot be had.
 */
function confine(json: string, program: readonly string[]): void {
  const { view, user } = JSON.parse(json) as Confinement
  const [file] = program
  const calls = systemCalls()
  if (calls === undefined || process.execve === undefined || file === undefined) {
    throw new Error('this Node cannot confine a program')
  }
  if (calls.control(NO_NEW_PRIVILEGES, 1) < 0) throw new Error('new privileges cannot be given up')
  restrictFiles(view, calls)
  refuseSockets(calls)
  if (user) {
    process.setgroups?.([])
    process.setgid?.(user.gid)
    process.setuid?.(user.uid)
  }
  process.execve(file, program)
}

const [json, ...program] = process.argv.slice(2)
try {
  if (json !== undefined) confine(json, program)
} catch (error) {
  writeSync(process.stderr.fd, `error: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

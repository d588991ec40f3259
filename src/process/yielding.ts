import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { codeOf } from '../work/errno.ts'

/**
 * How much nicer (setpriority(2)) programs are than the server. The server runs first when it has something
 * to do, and the programs get the rest.
 */
const steps = 5
const nicest = 19

/**
 * Milliseconds. In that time the system accepts one change of an autogroup from all processes without
 * CAP_SYS_ADMIN together. The others get an error and have to try again.
 */
const retryInterval = 100
/** When many programs start at once, some of them do not succeed. They go without after so many tries. */
const mostTries = 100

/**
 * Lets the server run before a program and before what the program starts. The program needs its own session.
 */
export function yieldProgram(program: ChildProcess): void {
  if (program.pid === undefined) return
  try {
    setPriority(program.pid, Math.min(nicest, getPriority() + steps))
    // If sessions share the processors (sched(7), autogroups), niceness counts only within a session.
    yieldSession(program, mostTries)
  } catch {
    // The program has ended.
  }
}

function yieldSession(program: ChildProcess, tries: number): void {
  if (program.exitCode !== null || program.signalCode !== null) return
  try {
    writeFileSync(`/proc/${program.pid}/autogroup`, String(steps))
  } catch (error) {
    // Other errors: the program has ended, or this system has no autogroups.
    if (codeOf(error) === 'EAGAIN' && tries > 1) {
      setTimeout(yieldSession, retryInterval, program, tries - 1).unref()
    }
  }
}

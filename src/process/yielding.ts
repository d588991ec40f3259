import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { codeOf } from '../work/errno.ts'

/** How much nicer (setpriority(2)) programs are than the server: it runs first when it has something to do, and they all the rest. */
const steps = 5
const nicest = 19

/**
 * Milliseconds. Of all who lack CAP_SYS_ADMIN together, the system takes one change of an autogroup in that time, and
 * has an error for the others, who have to try again.
 */
const turn = 100
/** Programs that start at once take turns; what has none by then goes without. */
const mostTries = 100

/** From now on a program that was started in a session of its own, and what it starts, lets the server go first, where the system allows it. */
export function yieldProgram(program: ChildProcess): void {
  if (program.pid === undefined) return
  try {
    setPriority(program.pid, Math.min(nicest, getPriority() + steps))
    // Where sessions share the processors (sched(7), autogroups), niceness tells apart what is within one alone.
    yieldSession(program, mostTries)
  } catch {
    // It has ended.
  }
}

function yieldSession(program: ChildProcess, tries: number): void {
  if (program.exitCode !== null || program.signalCode !== null) return
  try {
    writeFileSync(`/proc/${program.pid}/autogroup`, String(steps))
  } catch (error) {
    // Else it has ended, or there are no such groups.
    if (codeOf(error) === 'EAGAIN' && tries > 1) setTimeout(yieldSession, turn, program, tries - 1).unref()
  }
}

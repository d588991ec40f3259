import { writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** How much nicer (setpriority(2)) programs are than the server: it runs first when it has something to do, and they all the rest. */
const steps = 5
const nicest = 19

/** From now on a program that was started in a session of its own, and what it starts, lets the server go first, where the system allows it. */
export function yieldProgram(pid: number): void {
  try {
    setPriority(pid, Math.min(nicest, getPriority() + steps))
    // Where sessions share the processors (sched(7), autogroups), niceness tells apart what is within one alone.
    writeFileSync(`/proc/${pid}/autogroup`, String(steps))
  } catch {
    // It has ended, or there are no such groups.
  }
}

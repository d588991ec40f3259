import { readFileSync } from 'node:fs'

/** Whether a process runs; one that has ended and waits to be reaped does not. For tests. */
export function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

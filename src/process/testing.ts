import { readFileSync } from 'node:fs'

/** Whether a process is running. One that has ended and was not waited for is not. For tests. */
export function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

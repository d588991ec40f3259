import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../work/errno.ts'

/** Milliseconds between two looks whether a group is still there. */
const pollInterval = 20

/**
 * Ends a process group. It gets SIGTERM first, so that programs can clean up: Nix ends its builders, which
 * have their own sessions. What is left after the grace period gets SIGKILL. Resolves when the group is empty
 * or was killed.
 */
export async function terminateGroup(leader: number, graceMs: number): Promise<void> {
  const end = performance.now() + graceMs
  let alive = signalGroup(leader, 'SIGTERM')
  while (alive && performance.now() < end) {
    await sleep(pollInterval)
    alive = signalGroup(leader, 0)
  }
  if (alive) signalGroup(leader, 'SIGKILL')
}

/** @returns whether the group has members that we may send signals to */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal)
  } catch (error) {
    if (['ESRCH', 'EPERM'].includes(codeOf(error))) return false
    throw error
  }
}

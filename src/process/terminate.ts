import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../work/errno.ts'

const POLL_MS = 20

/**
 * Ends a process group: SIGTERM, so that programs can tidy up (Nix ends its builders, which have sessions of
 * their own), and SIGKILL for what is left after the grace. Resolves when the group is empty or was killed.
 */
export async function terminateGroup(leader: number, graceMs: number): Promise<void> {
  const end = performance.now() + graceMs
  let alive = signalGroup(leader, 'SIGTERM')
  while (alive && performance.now() < end) {
    await sleep(POLL_MS)
    alive = signalGroup(leader, 0)
  }
  if (alive) signalGroup(leader, 'SIGKILL')
}

/** @returns whether the group has members that may be signalled. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal)
  } catch (error) {
    if (['ESRCH', 'EPERM'].includes(codeOf(error))) return false
    throw error
  }
}

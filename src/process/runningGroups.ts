import { terminateGroup } from './terminate.ts'

type Leader = Promise<number | undefined>

const leaders = new Set<Leader>()

/**
 * Adds a process group to those that `terminateAll` ends. Call the returned function when the group has
 * ended.
 * @param leader process id of the group's leader, or undefined if the program could not be started
 */
export function trackGroup(leader: Leader): () => void {
  leaders.add(leader)
  return () => void leaders.delete(leader)
}

/**
 * Ends all running programs, for a server that must stop at once. They are asked to end first, and killed
 * after the grace period.
 */
export async function terminateAll(graceMs: number): Promise<void> {
  await Promise.all(
    [...leaders].map(async (leader) => {
      const pid = await leader
      if (pid !== undefined) await terminateGroup(pid, graceMs)
    }),
  )
}

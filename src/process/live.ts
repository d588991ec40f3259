import { terminateGroup } from './terminate.ts'

type Leader = Promise<number | undefined>

const leaders = new Set<Leader>()

/**
 * Notes a process group that runs, until the function that it answers is called.
 * @param leader undefined where none came about
 */
export function noteGroup(leader: Leader): () => void {
  leaders.add(leader)
  return () => void leaders.delete(leader)
}

/** Ends every program that runs, politely and then not: for a server that has no time to stop. */
export async function terminateAll(graceMs: number): Promise<void> {
  await Promise.all(
    [...leaders].map(async (leader) => {
      const pid = await leader
      if (pid !== undefined) await terminateGroup(pid, graceMs)
    }),
  )
}

import { terminateGroup } from './terminate.ts'

const leaders = new Set<number>()

/** Notes a process group that runs, until the function that it answers is called. */
export function noteGroup(leader: number | undefined): () => void {
  if (leader === undefined) return () => {}
  leaders.add(leader)
  return () => void leaders.delete(leader)
}

/** Ends every program that runs, politely and then not: for a server that has no time to stop. */
export async function terminateAll(graceMs: number): Promise<void> {
  await Promise.all([...leaders].map((leader) => terminateGroup(leader, graceMs)))
}

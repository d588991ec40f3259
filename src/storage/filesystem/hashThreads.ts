import { availableParallelism } from 'node:os'
import { startThread } from '../../work/startThread.ts'
import { ThreadTeam } from '../../work/threadTeam.ts'

/** More threads do not read faster from most disks. */
const atMost = 4
/** Milliseconds after which an idle thread ends. Most files are hashed shortly after the start. */
const idleMs = 10_000

const threads = new ThreadTeam<string, string>(() => startThread(import.meta.url, 'hashWorker'), {
  size: Math.min(atMost, availableParallelism()),
  idleMs,
})

/**
 * The sha256 of a file, in hex, computed in another thread. Small files go first: the manifest of one image
 * must not wait for the layers of another.
 * @param size bytes
 * @throws what reading the file throws, with its code
 */
export function hashOfFile(path: string, size: number): Promise<string> {
  return threads.ask(path, { priority: -size })
}

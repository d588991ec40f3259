import type { LayerTable } from '../layers/layerTable.ts'
import { startThread } from '../work/startThread.ts'
import { ThreadTeam } from '../work/threadTeam.ts'
import type { Finding } from './search.ts'

/** One thread, which ends when it is idle: tables are made seldom. */
const threads = new ThreadTeam<Finding, LayerTable>(() => startThread(import.meta.url, 'tableWorker'), {
  size: 1,
  idleMs: 1_000,
})

/**
 * `makeTable` in a thread: of a set such as Nixpkgs it takes seconds. @throws Error, or the signal's reason
 */
export function makeTableInThread(finding: Finding, signal: AbortSignal): Promise<LayerTable> {
  return threads.ask(finding, { signal })
}

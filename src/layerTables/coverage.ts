import type { LayerTable } from '../layers/layerTable.ts'
import { packageKey } from '../layers/packageKey.ts'
import type { ClosureNode } from '../layers/plan.ts'

/** The names of packages among store paths, without version and hash. */
function namesIn(nodes: Iterable<Pick<ClosureNode, 'path'>>): ReadonlySet<string> {
  return new Set([...nodes].map(({ path }) => packageKey(path)))
}

/** How many of the packages a table knows, from 0 to 1. 1 if there are no packages. */
export function coverage(table: LayerTable, nodes: Iterable<Pick<ClosureNode, 'path'>>): number {
  const names = namesIn(nodes)
  if (names.size === 0) return 1
  return [...names].filter((name) => table.sharing.needed.has(name)).length / names.size
}

/**
 * A table that knows so many of the packages is as good as a new one. A new one would regroup layers that
 * clients have: they would download them again.
 */
const goodEnough = 0.95

/** Whether a new table of these store paths is worth it. @param table the newest that there is */
export function isOutgrown(
  table: LayerTable | undefined,
  nodes: Iterable<Pick<ClosureNode, 'path'>>,
): boolean {
  return !table || coverage(table, nodes) < goodEnough
}

import { nameOf } from '../store/storePath.ts'
import type { ClosureNode, Popularity } from '../layers/plan.ts'

/** Fewer say nothing: what is not counted counts one. */
const fewest = 2

/**
 * The counts of the original: how many paths refer to each name (with version, without hash), of which those
 * above one are kept. Other than there, a path that refers to itself does not count.
 */
export function countReferences(nodes: readonly ClosureNode[]): Popularity {
  const counts = new Map<string, number>()
  for (const { references } of nodes) {
    for (const path of references) {
      const name = nameOf(path)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return new Map([...counts].filter(([, count]) => count >= fewest))
}

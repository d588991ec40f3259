import { postorder } from './indexedGraph.ts'

/**
 * For each node its immediate dominator: the last node before it on every way from the root. Undefined for
 * the root and for nodes that cannot be reached.
 *
 * The algorithm of Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001): in reverse
 * postorder, a node's dominator is the nearest common ancestor, in the tree so far, of its predecessors.
 */
export function immediateDominators(
  successors: readonly (readonly number[])[],
  root: number,
): readonly (number | undefined)[] {
  const order = postorder(successors, [root])
  const rank = new Map(order.map((node, index) => [node, index]))
  const predecessors = predecessorRanks(successors, order, rank)

  // From here on nodes are ranks. The root has the highest, and a dominator has a higher rank than what it
  // dominates.
  const top = order.length - 1
  const dominator: (number | undefined)[] = Array.from({ length: order.length })
  dominator[top] = top
  const nearestCommon = (first: number, second: number): number => {
    let [a, b] = [first, second]
    while (a !== b) {
      if (a < b) a = dominator[a] ?? top
      else b = dominator[b] ?? top
    }
    return a
  }
  for (let changed = true; changed;) {
    changed = false
    for (let node = top - 1; node >= 0; node--) {
      const known = (predecessors[node] ?? []).filter((predecessor) => dominator[predecessor] !== undefined)
      const found = known.reduce(nearestCommon)
      if (found !== dominator[node]) {
        dominator[node] = found
        changed = true
      }
    }
  }

  const result: (number | undefined)[] = Array.from({ length: successors.length })
  for (const [index, node] of order.entries()) {
    const above = dominator[index]
    if (index !== top && above !== undefined) result[node] = order[above]
  }
  return result
}

function predecessorRanks(
  successors: readonly (readonly number[])[],
  order: readonly number[],
  rank: ReadonlyMap<number, number>,
): readonly (readonly number[])[] {
  const predecessors: number[][] = order.map(() => [])
  for (const [index, node] of order.entries()) {
    for (const target of successors[node] ?? []) {
      const targetRank = rank.get(target)
      if (targetRank !== undefined) predecessors[targetRank]?.push(index)
    }
  }
  return predecessors
}

import { closureSizes } from './closureSizes.ts'
import { immediateDominators } from './dominatorTree.ts'
import { indexGraph, postorder, type IndexedGraph } from './indexedGraph.ts'
import type { Closure, LayerPlan, LayerStrategy, Popularity } from './plan.ts'
import { popularityOf } from './popularity.ts'

/** Bytes. A path with a larger closure gets a layer of its own, with what only it needs. */
const bigAbove = 100_000_000
/** So does a path to which at least this many packages refer. */
const popularFrom = 100

/**
 * The strategy of the original Nixery. An edge goes from an artificial root to every path that was asked for,
 * that is big or that is popular. Each child of the root in the dominator tree, with all that it dominates,
 * is a layer; its size is the sum of the *closure* sizes of its paths, its rating that size times the
 * popularity of the child. While there are more layers than the budget, the two first in ascending order of
 * rating are merged (paths, sizes and ratings added) and stay first: nothing is sorted again. The answer is
 * in descending order of rating.
 *
 * The original leaves two things open. Ties are broken by the least store path of a layer. What the paths
 * asked for do not reach (all, when none are known) hangs on the root by its paths without referrers; of a
 * cycle that nothing outside refers to, by its least path.
 * @throws RangeError for a budget below 1
 */
export const dominators: LayerStrategy = (closure, { popularity }, budget) => {
  if (!Number.isInteger(budget) || budget < 1) throw new RangeError(`no layers fit a budget of ${budget}`)
  const ascending = groupsOf(closure, popularity).toSorted(
    (a, b) => compare(a.rating, b.rating) || byPath(a, b),
  )
  const surplus = Math.max(0, ascending.length - budget)
  if (ascending.length === 0) return []
  return [ascending.slice(0, surplus + 1).reduce(merge), ...ascending.slice(surplus + 1)]
    .map((group) => ({ ...group, storePaths: group.storePaths.toSorted() }))
    .toSorted((a, b) => compare(b.rating, a.rating) || byPath(a, b))
    .map((group) => ({ ...group, rating: Number(group.rating) }))
}

/** Ratings are bigints: 500,000 times some gigabytes is more than a number holds exactly. */
type Group = Omit<LayerPlan, 'rating'> & { readonly rating: bigint }

function groupsOf(closure: Closure, counts: Popularity): readonly Group[] {
  const graph = indexGraph(closure.nodes)
  const { nodes } = graph
  const sizes = closureSizes(graph)
  const popularity = nodes.map(({ path }) => popularityOf(path, counts))
  const asked = new Set(rootsOf(closure, graph))
  const isBig = (node: number) => (sizes[node] ?? 0) > bigAbove
  const isPopular = (node: number) => (popularity[node] ?? 0) >= popularFrom
  const reasonOf = (node: number): string => {
    if (isPopular(node)) return 'popular'
    if (isBig(node)) return 'big'
    return asked.has(node) ? 'root' : 'shared'
  }

  const top = nodes.length
  const children = [...nodes.keys()].filter((node) => asked.has(node) || isBig(node) || isPopular(node))
  const dominatorOf = immediateDominators([...graph.successors, children], top)
  const groups = membersByHead(dominatorOf, top)
  return nodes.flatMap(({ path: head }, index) => {
    const members = groups.get(index)
    if (members === undefined) return []
    const storePaths = members.flatMap((member) => nodes[member]?.path ?? [])
    const size = members.reduce((sum, member) => sum + (sizes[member] ?? 0), 0)
    const rating = BigInt(popularity[index] ?? 0) * BigInt(size)
    return [{ storePaths, size, rating, head, reason: reasonOf(index) }]
  })
}

/**
 * First the paths that were asked for, then each path that is not reached yet, referrers before what they
 * refer to.
 */
function rootsOf(closure: Closure, { successors, indexOf }: IndexedGraph): readonly number[] {
  const roots = closure.roots.map((path) => {
    const root = indexOf.get(path)
    if (root === undefined) throw new RangeError(`${path} was asked for, but is not in the closure`)
    return root
  })
  const seen = new Set<number>()
  postorder(successors, roots, seen)
  for (const node of postorder(successors, successors.keys()).toReversed()) {
    if (seen.has(node)) continue
    roots.push(node)
    postorder(successors, [node], seen)
  }
  return roots
}

/** Each child of the top in the dominator tree -> itself and all nodes below it, in ascending order. */
function membersByHead(
  dominatorOf: readonly (number | undefined)[],
  top: number,
): ReadonlyMap<number, readonly number[]> {
  const heads = new Map<number, number>()
  const headOf = (node: number): number => {
    const passed: number[] = []
    let head = node
    for (let above = dominatorOf[head]; above !== undefined && above !== top; above = dominatorOf[head]) {
      passed.push(head)
      head = heads.get(above) ?? above
    }
    for (const below of passed) heads.set(below, head)
    return head
  }
  return Map.groupBy(Array.from({ length: top }).keys(), headOf)
}

/**
 * Merges the first two groups, and the result stays first. Its head is that of the group with the higher
 * rating.
 */
function merge(a: Group, b: Group, index: number): Group {
  return {
    storePaths: [...a.storePaths, ...b.storePaths],
    size: a.size + b.size,
    rating: a.rating + b.rating,
    head: b.head,
    reason: `merged (${index + 1} groups)`,
  }
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Groups have no path in common, so their first paths decide. */
function byPath(a: Group, b: Group): number {
  return (a.storePaths[0] ?? '') < (b.storePaths[0] ?? '') ? -1 : 1
}

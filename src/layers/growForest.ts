import { dependentCounts } from './dependents.ts'
import { indexGraph, postorder, type IndexedGraph } from './indexedGraph.ts'
import type { ClosureNode, Forest } from './plan.ts'
import { packageKey } from './packageKey.ts'

/**
 * How much joining two groups may cost, in expected bytes, for images of at least so many layers. The fewer
 * layers, the larger the groups.
 */
export const budgetClasses = [
  { budgetFrom: 1, theta: 24_000_000 },
  { budgetFrom: 40, theta: 6_000_000 },
  { budgetFrom: 80, theta: 3_000_000 },
  { budgetFrom: 110, theta: 2_000_000 },
] as const

/**
 * How many images a client is assumed to pull. It decides how likely it is that one of them has a path
 * without the path that it joined.
 */
const horizon = 10_000

/** What the reference graph of a package set says about sharing. Keys are those of `packageKey`. */
export interface Sharing {
  /** In the order of `budgetClasses`. */
  readonly forests: readonly Forest[]
  /** How many paths need a package, including itself: the highest number for any of its paths. */
  readonly needed: ReadonlyMap<string, number>
}

/**
 * The stable forest: which path shares the layer of which other path. It is the same in every image. An image
 * with q also has each p that q refers to, so putting p into q's layer costs only images that have p without
 * q. Each path may join one of the paths that refer to it: the one that most paths need. It joins if the
 * expected cost is at most theta. That is the size of its group times the probability that a client needs the
 * group without q. References to itself and to unknown paths are ignored.
 */
export function growForest(paths: readonly ClosureNode[]): Sharing {
  const graph = indexGraph(withinGraph(paths))
  const needed = dependentCounts(graph.successors)
  const keys = graph.nodes.map(({ path }) => packageKey(path))
  const parents = parentsOf(graph, needed, keys)
  const order = postorder(graph.successors, graph.successors.keys())
  const names = representatives(keys, needed)
  const forests = budgetClasses.map(({ theta }) => {
    const joined = parentsWorthJoining(graph, needed, parents, order, theta)
    return byName(names, keys, joined)
  })
  return { forests, needed: new Map(names.map((node) => [keys[node] ?? '', needed[node] ?? 0])) }
}

function withinGraph(paths: readonly ClosureNode[]): readonly ClosureNode[] {
  const known = new Set(paths.map(({ path }) => path))
  return paths.map((node) => ({ ...node, references: node.references.filter((path) => known.has(path)) }))
}

/**
 * For each node the direct dependent that most paths need, ties by name, then by path. -1 if nothing refers
 * to it.
 */
function parentsOf({ successors }: IndexedGraph, needed: Float64Array, keys: readonly string[]): Int32Array {
  const parents = new Int32Array(successors.length).fill(-1)
  for (const [dependent, targets] of successors.entries()) {
    for (const target of targets) {
      const rival = parents[target] ?? -1
      if (rival < 0 || comesBefore(dependent, rival, needed, keys)) parents[target] = dependent
    }
  }
  return parents
}

/** Nodes are in the order of their paths already. */
function comesBefore(a: number, b: number, needed: Float64Array, keys: readonly string[]): boolean {
  const difference = (needed[a] ?? 0) - (needed[b] ?? 0)
  if (difference !== 0) return difference > 0
  const [nameA = '', nameB = ''] = [keys[a], keys[b]]
  return nameA === nameB ? a < b : nameA < nameB
}

/**
 * For each node the parent that it joins, or -1. In `order` everything that a node refers to, and so
 * everything that can join it, comes before it.
 */
function parentsWorthJoining(
  { nodes }: IndexedGraph,
  needed: Float64Array,
  parents: Int32Array,
  order: readonly number[],
  theta: number,
): Int32Array {
  const joined = new Int32Array(nodes.length).fill(-1)
  const brings = Float64Array.from(nodes, ({ size }) => size)
  for (const node of order) {
    const parent = parents[node] ?? -1
    if (parent < 0) continue
    const without = Math.max(0, (needed[node] ?? 0) - (needed[parent] ?? 0) - 1)
    const bytes = brings[node] ?? 0
    const cost = bytes * (1 - Math.exp((-horizon * without) / nodes.length))
    if (cost > theta) continue
    joined[node] = parent
    brings[parent] = (brings[parent] ?? 0) + bytes
  }
  return joined
}

/** For each name, the path that most others need. In descending order of that number. */
function representatives(keys: readonly string[], needed: Float64Array): readonly number[] {
  const all = [...keys.keys()].toSorted((a, b) => (comesBefore(a, b, needed, keys) ? -1 : 1))
  const first = new Map<string, number>()
  for (const node of all) {
    const key = keys[node] ?? ''
    if (!first.has(key)) first.set(key, node)
  }
  return [...first.values()]
}

/**
 * Names can form a circle even if paths do not (two versions in one set). A name that would close a circle
 * joins nothing.
 */
function byName(names: readonly number[], keys: readonly string[], joined: Int32Array): Forest {
  const forest = new Map<string, string>()
  for (const node of names) {
    const parent = keys[joined[node] ?? -1]
    const key = keys[node] ?? ''
    if (parent === undefined) continue
    let top: string | undefined = parent
    while (top !== undefined && top !== key) top = forest.get(top)
    if (top !== key) forest.set(key, parent)
  }
  return forest
}

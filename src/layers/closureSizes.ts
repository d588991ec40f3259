import { postorder, type IndexedGraph } from './indexedGraph.ts'

/**
 * For each node the bytes of everything that it needs, including itself, every path counted once. If a node
 * already has a closure size, that is used.
 */
export function closureSizes(graph: IndexedGraph): readonly number[] {
  const { nodes, successors } = graph
  if (nodes.every(({ closureSize }) => closureSize !== undefined)) {
    return nodes.map(({ closureSize = 0 }) => closureSize)
  }
  const reach = reachability(successors)
  const sizes = Float64Array.from(nodes, ({ size }) => size)
  return nodes.map(({ closureSize }, index) => closureSize ?? sumOf(reach[index] ?? noPaths, sizes))
}

const noPaths = new Int32Array()

/** One bit set for each node: bit `i & 31` of word `i >> 5` is set if node `i` can be reached from it. */
function reachability(successors: readonly (readonly number[])[]): Int32Array[] {
  const words = Math.ceil(successors.length / 32)
  const reach = successors.map((_, node) => {
    const set = new Int32Array(words)
    set[node >>> 5] = 1 << (node & 31)
    return set
  })
  const order = postorder(successors, successors.keys())
  const position = new Map(order.map((node, index) => [node, index]))
  const positionOf = (node: number) => position.get(node) ?? 0
  const cyclic = order.some((node) =>
    successors[node]?.some((target) => positionOf(target) > positionOf(node)),
  )
  // In postorder everything that a node needs comes before it. Only cycles take more than one round.
  for (let again = true; again;) {
    let changed = false
    for (const node of order) {
      for (const target of successors[node] ?? []) {
        changed = addAll(reach[node] ?? noPaths, reach[target] ?? noPaths) || changed
      }
    }
    again = cyclic && changed
  }
  return reach
}

/** Adds the bits of `from`. Returns whether `into` has changed. */
function addAll(into: Int32Array, from: Int32Array): boolean {
  let grown = 0
  for (let word = 0; word < into.length; word++) {
    const before = into[word] ?? 0
    const after = before | (from[word] ?? 0)
    grown |= before ^ after
    into[word] = after
  }
  return grown !== 0
}

/** Plain loops for speed: this visits every pair of a node and what it needs. */
function sumOf(set: Int32Array, sizes: Float64Array): number {
  let sum = 0
  for (let word = 0; word < set.length; word++) {
    for (let rest = set[word] ?? 0; rest !== 0; rest &= rest - 1) {
      sum += sizes[word * 32 + 31 - Math.clz32(rest & -rest)] ?? 0
    }
  }
  return sum
}

import { postorder } from './indexedGraph.ts'

/** Dependents are counted in blocks of nodes: each node's bits of one block fit a few cache lines. */
const blockWords = 32
const blockSize = blockWords * 32

/**
 * For each node the number of nodes that need it, directly or indirectly, including itself. Works on blocks
 * of columns of the reachability matrix: the whole matrix of a package set would take gigabytes.
 */
export function dependentCounts(successors: readonly (readonly number[])[]): Float64Array {
  const { length } = successors
  // What needs a node comes before it, so one round is enough unless there are cycles.
  const order = Int32Array.from(postorder(successors, successors.keys()).toReversed())
  const cyclic = hasBackEdge(successors, order)
  const counts = new Float64Array(length)
  const bits = new Int32Array(length * blockWords)
  // Few nodes are needed by the nodes of a block. Most rows stay empty and are skipped.
  const used = new Uint8Array(length)
  for (let first = 0; first < length; first += blockSize) {
    bits.fill(0)
    used.fill(0)
    const last = Math.min(first + blockSize, length)
    for (let node = first; node < last; node++) {
      bits[node * blockWords + ((node - first) >>> 5)] = 1 << ((node - first) & 31)
      used[node] = 1
    }
    for (let again = true; again;) {
      const grown = spread(successors, order, bits, used)
      again = cyclic && grown
    }
    for (let node = 0; node < length; node++) {
      if (used[node] === 1) counts[node] = (counts[node] ?? 0) + ones(bits, node)
    }
  }
  return counts
}

function hasBackEdge(successors: readonly (readonly number[])[], order: Int32Array): boolean {
  const position = new Int32Array(order.length)
  for (const [index, node] of order.entries()) position[node] = index
  return successors.some((targets, node) =>
    targets.some((target) => (position[target] ?? 0) < (position[node] ?? 0)),
  )
}

/** Adds every node's bits to the nodes that it refers to. Returns whether any bits have changed. */
function spread(
  successors: readonly (readonly number[])[],
  order: Int32Array,
  bits: Int32Array,
  used: Uint8Array,
): boolean {
  let grown = 0
  for (const node of order) {
    if (used[node] !== 1) continue
    const from = node * blockWords
    for (const target of successors[node] ?? []) {
      const to = target * blockWords
      used[target] = 1
      for (let word = 0; word < blockWords; word++) {
        const before = bits[to + word] ?? 0
        const after = before | (bits[from + word] ?? 0)
        grown |= before ^ after
        bits[to + word] = after
      }
    }
  }
  return grown !== 0
}

function ones(bits: Int32Array, node: number): number {
  let sum = 0
  for (let word = node * blockWords; word < (node + 1) * blockWords; word++) {
    for (let rest = bits[word] ?? 0; rest !== 0; rest &= rest - 1) sum += 1
  }
  return sum
}

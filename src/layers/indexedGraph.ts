import type { ClosureNode } from './plan.ts'

/**
 * A closure whose nodes are numbers: node `i` has the i-th path in ascending order, so the order of the input
 * does not matter.
 */
export interface IndexedGraph {
  readonly nodes: readonly ClosureNode[]
  readonly successors: readonly (readonly number[])[]
  readonly indexOf: ReadonlyMap<string, number>
}

/** Self references are removed. @throws RangeError if a path comes twice or a reference is not a node */
export function indexGraph(closure: readonly ClosureNode[]): IndexedGraph {
  const nodes = closure.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const indexOf = new Map(nodes.map(({ path }, index) => [path, index]))
  if (indexOf.size < nodes.length) throw new RangeError('a store path comes twice in the closure')
  const successors = nodes.map(({ path, references }, self) => {
    const targets = new Set<number>()
    for (const reference of references) {
      const target = indexOf.get(reference)
      if (target === undefined)
        throw new RangeError(`${path} refers to ${reference}, which is not in the closure`)
      if (target !== self) targets.add(target)
    }
    return [...targets].toSorted((a, b) => a - b)
  })
  return { nodes, successors, indexOf }
}

/**
 * The nodes that can be reached from `starts`, each after everything that was reached from it (depth first,
 * postorder). Nodes in `seen` are left out, and found nodes are added to it.
 */
export function postorder(
  successors: readonly (readonly number[])[],
  starts: Iterable<number>,
  seen: Set<number> = new Set(),
): number[] {
  const order: number[] = []
  for (const start of starts) {
    if (seen.has(start)) continue
    seen.add(start)
    const stack = [{ node: start, next: 0 }]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const target = successors[top.node]?.[top.next++]
      if (target === undefined) {
        order.push(top.node)
        stack.pop()
      } else if (!seen.has(target)) {
        seen.add(target)
        stack.push({ node: target, next: 0 })
      }
    }
  }
  return order
}

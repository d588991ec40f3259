import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { immediateDominators } from './dominatorTree.ts'
import { postorder } from './indexedGraph.ts'

type Successors = readonly (readonly number[])[]

//   0 ──> 1 ──> 3 ──> 4      5 ──> 4
//   └───> 2 ────^
test('a node is dominated by the last that all ways to it have in common', () => {
  const tree = immediateDominators([[1, 2], [3], [3], [4], [], [4]], 0)
  assert.deepEqual(tree, [undefined, 0, 0, 0, 3, undefined])
})

/**
 * By definition: x dominates y when y cannot be reached without x; the immediate one is dominated by all
 * others.
 */
function byDefinition(successors: Successors, root: number): readonly (number | undefined)[] {
  const reached = (without?: number) =>
    new Set(postorder(successors, [root], without === undefined ? new Set() : new Set([without])))
  const all = reached()
  const dominates = (x: number, y: number) => x === root || !reached(x).has(y)
  return successors.map((_, node) => {
    if (node === root || !all.has(node)) return undefined
    const above = [...all].filter((other) => other !== node && dominates(other, node))
    return above.find((one) => above.every((other) => other === one || dominates(other, one)))
  })
}

test('the tree is the one of the definition, for any graph with cycles and unreachable nodes', () => {
  const graph = fc
    .integer({ min: 1, max: 12 })
    .chain((n) => fc.array(fc.array(fc.nat(n - 1), { maxLength: 3 }), { minLength: n, maxLength: n }))
  fc.assert(
    fc.property(graph, (successors) => {
      assert.deepEqual(immediateDominators(successors, 0), byDefinition(successors, 0))
    }),
    { numRuns: 500 },
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dependentCounts } from './dependents.ts'
import { postorder } from './indexedGraph.ts'

//   0 ──> 1 ──> 3
//   └───> 2 ────^
test('what needs a node on two ways is counted once, and so is the node itself', () => {
  assert.deepEqual([...dependentCounts([[1, 2], [3], [3], []])], [1, 2, 2, 4])
})

test('dependents are those that reach a node, in graphs of several blocks and with cycles', () => {
  const graph = fc
    .integer({ min: 1, max: 40 })
    .chain((n) => fc.array(fc.array(fc.nat(n - 1), { maxLength: 3 }), { minLength: n, maxLength: n }))
  fc.assert(
    fc.property(graph, (drawn) => {
      // Copies of the graph, each hanging on the next: more nodes than one block has.
      const copies = Math.ceil(1500 / drawn.length)
      const successors = Array.from({ length: copies }, (_, copy) =>
        drawn.map((targets, node) => [
          ...targets.map((target) => target + copy * drawn.length),
          ...(node === 0 && copy + 1 < copies ? [(copy + 1) * drawn.length] : []),
        ]),
      ).flat()
      const expected = successors.map(() => 0)
      for (const node of successors.keys()) {
        for (const reached of postorder(successors, [node])) expected[reached] = (expected[reached] ?? 0) + 1
      }
      assert.deepEqual([...dependentCounts(successors)], expected)
    }),
    { numRuns: 10 },
  )
})

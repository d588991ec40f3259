import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StorePath } from '../store/storePath.ts'
import { closureSizes } from './closureSizes.ts'
import { indexGraph, postorder } from './indexedGraph.ts'

function pathOf(node: number): StorePath {
  return `/nix/store/${String(node).padStart(32, '0')}-p` as StorePath // numbered, so that paths sort as nodes do
}

function graphOf(successors: readonly (readonly number[])[], sizes: readonly number[]) {
  return indexGraph(
    successors.map((to, node) => ({
      path: pathOf(node),
      size: sizes[node] ?? 0,
      references: to.map(pathOf),
    })),
  )
}

//   0 ──> 1 ──> 3
//   └───> 2 ────^
test('what two ways lead to is counted once', () => {
  assert.deepEqual(
    closureSizes(graphOf([[1, 2], [3], [3], []], [1, 10, 100, 1000])),
    [1111, 1010, 1100, 1000],
  )
})

test('closure sizes are the sums over all that can be reached, cycles or not', () => {
  const graph = fc
    .integer({ min: 1, max: 80 })
    .chain((n) =>
      fc.tuple(
        fc.array(fc.array(fc.nat(n - 1), { maxLength: 2 }), { minLength: n, maxLength: n }),
        fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: n, maxLength: n }),
      ),
    )
  fc.assert(
    fc.property(graph, ([successors, sizes]) => {
      const expected = successors.map((_, node) =>
        postorder(successors, [node]).reduce((sum, reached) => sum + (sizes[reached] ?? 0), 0),
      )
      assert.deepEqual(closureSizes(graphOf(successors, sizes)), expected)
    }),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { growForest, budgetClasses } from './growForest.ts'
import { toStorePath } from '../store/storePath.ts'
import { anyPackageSet, nodesFrom, type Drawing } from './testing.ts'

const megabyte = 1_000_000

/** For the default budget. */
function parentsIn(drawing: Drawing) {
  const { forests } = growForest(nodesFrom(drawing))
  return Object.fromEntries(forests[budgetClasses.findIndex(({ budgetFrom }) => budgetFrom === 80)] ?? [])
}

//   a ──> b ──> c
test('what is needed by one path alone joins it, whatever its size', () => {
  assert.deepEqual(parentsIn({ a: [1, 'b'], b: [1e9, 'c'], c: [1e9] }), { b: 'a', c: 'b' })
})

//   a ──> c <── b
test('what two paths need joins one of them where it is small, and none where it is not', () => {
  assert.deepEqual(parentsIn({ a: [1, 'c'], b: [1, 'c'], c: [3 * megabyte] }), { c: 'a' })
  assert.deepEqual(parentsIn({ a: [1, 'c'], b: [1, 'c'], c: [3 * megabyte + 1] }), {})
})

//   a ──> d <── b <── c
test('it joins the one that most others need, and of equals the first by name', () => {
  assert.deepEqual(parentsIn({ a: [1, 'd'], b: [1, 'd'], c: [1, 'b'], d: [1] }), { b: 'c', d: 'b' })
  assert.deepEqual(parentsIn({ a: [1, 'd'], b: [1, 'd'], d: [1] }), { d: 'a' })
})

//   a ──> c <── b      c ──> d (2 MB), and both need c: with d it is too large to join
test('what joined counts as part of what it joined', () => {
  assert.deepEqual(parentsIn({ a: [1, 'c'], b: [1, 'c'], c: [2 * megabyte, 'd'], d: [2 * megabyte] }), {
    d: 'c',
  })
})

test('the smaller the budget, the larger what may join', () => {
  const drawing: Drawing = { a: [1, 'c'], b: [1, 'c'], c: [5 * megabyte] }
  const { forests } = growForest(nodesFrom(drawing))
  assert.deepEqual(
    forests.map(({ size }) => size),
    [1, 1, 0, 0],
  )
})

test('versions share a name: the one that most need speaks for it, and a circle of names is not closed', () => {
  const path = (digit: string, name: string) => toStorePath(`/nix/store/${digit.repeat(32)}-${name}`)
  const [first, second, third, fourth] = [
    path('1', 'x-1'),
    path('2', 'y-1'),
    path('3', 'x-2'),
    path('4', 'y-2'),
  ]
  const { forests, needed } = growForest([
    { path: first, size: 1, references: [second] },
    { path: second, size: 1, references: [third] },
    { path: third, size: 1, references: [fourth] },
    { path: fourth, size: 1, references: [] },
  ])
  assert.deepEqual([...(forests[0] ?? [])], [['y', 'x']])
  assert.deepEqual(Object.fromEntries(needed), { x: 3, y: 4 })
})

test('references to itself and to what is unknown do not matter', () => {
  assert.deepEqual(parentsIn({ a: [1, 'a', 'b', 'z'], b: [1] }), { b: 'a' })
})

test('whoever joins, joins one that refers to it; nobody comes back to himself', () => {
  fc.assert(
    fc.property(anyPackageSet, (drawing) => {
      for (const forest of growForest(nodesFrom(drawing)).forests) {
        for (const [name, parent] of forest) {
          assert.ok(drawing[parent]?.includes(name), `${name} joins ${parent}`)
          assert.ok(parent < name, 'references lead on in the alphabet, joins lead back')
        }
      }
    }),
  )
})

test('the order of the input does not matter', () => {
  fc.assert(
    fc.property(anyPackageSet, (drawing) => {
      const nodes = nodesFrom(drawing)
      assert.deepEqual(growForest(nodes.toReversed()), growForest(nodes))
    }),
  )
})

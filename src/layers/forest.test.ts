import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toStorePath } from '../store/storePath.ts'
import { forest } from './forest.ts'
import { growForest } from './growForest.ts'
import type { SharedData } from './plan.ts'
import { anyPackageSet, closureFrom, closureIn, namesIn, nodesFrom, noData, type Drawing } from './testing.ts'

const joins = (parents: Readonly<Record<string, string>>): SharedData => ({
  ...noData,
  forest: new Map(Object.entries(parents)),
})

//   a ──> b ──> c      d ──> c
test('a path shares the layer of the last that it climbs to', () => {
  const drawing: Drawing = { a: [1, 'b'], b: [1, 'c'], c: [1], d: [1, 'c'] }
  const plan = forest(closureFrom(drawing), joins({ b: 'a', c: 'b' }), 94)
  assert.deepEqual(namesIn(plan), ['a b c', 'd'])
  assert.equal(plan[0]?.head, closureFrom(drawing).nodes[0]?.path)
  assert.equal(plan[0]?.reason, '2 seldom needed without it')
})

test('it stops climbing where the image has not what comes next', () => {
  assert.deepEqual(namesIn(forest(closureFrom({ b: [1, 'c'], c: [1] }), joins({ b: 'a', c: 'b' }), 94)), [
    'b c',
  ])
})

test('it joins nobody who does not refer to it, as in another version of the set', () => {
  assert.deepEqual(namesIn(forest(closureFrom({ a: [1], b: [1] }), joins({ b: 'a' }), 94)), ['a', 'b'])
})

test('versions and hashes do not matter, outputs do', () => {
  const path = (digit: string, name: string) => toStorePath(`/nix/store/${digit.repeat(32)}-${name}`)
  const [lib, bin, user] = [path('0', 'x-1.0'), path('1', 'x-1.0-bin'), path('2', 'y-7')]
  const nodes = [
    { path: lib, size: 1, references: [] },
    { path: bin, size: 1, references: [] },
    { path: user, size: 1, references: [lib, bin] },
  ]
  const plan = forest({ roots: [], nodes }, joins({ x: 'y' }), 94)
  assert.deepEqual(
    plan.map(({ storePaths }) => storePaths),
    [[bin], [lib, user]],
  )
})

//   a: 9   b: 5   c: 5   d: 1
test('over the budget the largest groups are layers, of equals the first, and the others share the last', () => {
  const closure = closureFrom({ a: [9], b: [5], c: [5], d: [1] })
  assert.deepEqual(namesIn(forest(closure, noData, 4)), ['a', 'b', 'c', 'd'])
  assert.deepEqual(namesIn(forest(closure, noData, 3)), ['a', 'b', 'c d'])
  assert.deepEqual(namesIn(forest(closure, noData, 1)), ['a b c d'])
  assert.throws(() => forest(closure, noData, 0), RangeError)
})

test('what is shared most comes first, by what is known: of the set, else by popularity, else of the image', () => {
  const closure = closureFrom({ a: [9, 'c'], b: [9], c: [9], 'iana-etc-1': [1] })
  const [a, b, c, etc] = ['a', 'b', 'c', 'iana-etc-1']
  assert.deepEqual(namesIn(forest(closure, noData, 94)), [etc, c, a, b])
  const popularity = new Map([['b', 7]])
  assert.deepEqual(namesIn(forest(closure, { ...noData, popularity }, 94)), [etc, b, a, c])
  const needed = new Map([['a', 9]])
  assert.deepEqual(namesIn(forest(closure, { ...noData, popularity, needed }, 94)), [etc, a, b, c])
  assert.deepEqual(namesIn(forest(closure, { ...noData, needed }, 3)), ['a', 'b', 'c iana-etc-1'])
})

/** A package set with its forest, and what two images were asked for. */
const twoImages = anyPackageSet.chain((drawing) => {
  const roots = fc.subarray(Object.keys(drawing), { minLength: 1 })
  const budgetClass = fc.nat(3)
  return fc.record({
    drawing: fc.constant(drawing),
    one: roots,
    other: roots,
    budgetClass,
    budget: fc.integer({ min: 1, max: 30 }),
  })
})

test('a plan is a partition of the closure, within the budget', () => {
  fc.assert(
    fc.property(twoImages, ({ drawing, one, budgetClass, budget }) => {
      const { forests, needed } = growForest(nodesFrom(drawing))
      const closure = closureIn(drawing, one)
      const plan = forest(closure, { ...noData, forest: forests[budgetClass] ?? new Map(), needed }, budget)
      assert.deepEqual(
        plan.flatMap(({ storePaths }) => storePaths).toSorted(),
        closure.nodes.map(({ path }) => path).toSorted(),
      )
      assert.ok(plan.length <= budget)
    }),
  )
})

test('two images that have the head of a group have the same group', () => {
  fc.assert(
    fc.property(twoImages, ({ drawing, one, other, budgetClass }) => {
      const data = { ...noData, forest: growForest(nodesFrom(drawing)).forests[budgetClass] ?? new Map() }
      const [first, second] = [one, other].map((roots) => forest(closureIn(drawing, roots), data, 94))
      for (const { head, storePaths } of first ?? []) {
        const same = second?.find((layer) => layer.head === head)
        if (same) assert.deepEqual(same.storePaths, storePaths)
      }
    }),
  )
})

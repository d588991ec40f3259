import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dominators } from './dominators.ts'
import type { Closure, SharedData } from './plan.ts'
import { popularityOf } from './popularity.ts'
import { closureFrom, namesIn, noData as none, pathOf, type Drawing } from './testing.ts'

const counted = (counts: Readonly<Record<string, number>>): SharedData => ({
  ...none,
  popularity: new Map(Object.entries(counts)),
})
const megabyte = 1_000_000

//   a ──> c ──> d
//   b ──────────^
test('a path that two others need is a layer of its own, and one that only one needs goes with it', () => {
  const plan = dominators(closureFrom({ a: [10, 'c'], b: [1, 'd'], c: [5, 'd'], d: [2] }), none, 94)
  assert.deepEqual(plan, [
    { storePaths: [pathOf('a'), pathOf('c')], size: 17 + 7, rating: 24, head: pathOf('a'), reason: 'root' },
    { storePaths: [pathOf('b')], size: 3, rating: 3, head: pathOf('b'), reason: 'root' },
    { storePaths: [pathOf('d')], size: 2, rating: 2, head: pathOf('d'), reason: 'shared' },
  ])
})

//   a ──> b ──> c ──> d      99 packages refer to c, 100 to d
test('a path that 100 packages refer to is a layer, wherever it is', () => {
  const closure = closureFrom({ a: [1, 'b'], b: [1, 'c'], c: [1, 'd'], d: [1] })
  const popularity = counted({ c: 99, d: 100 })
  const plan = dominators(closure, popularity, 94)
  assert.deepEqual(namesIn(plan), ['d', 'a b c'])
  assert.equal(plan[0]?.reason, 'popular')
})

//   a ──> b ──> c      c is 100 MB, b with it one byte more
test('a path whose closure is above 100 MB is a layer, and one of exactly 100 MB is not', () => {
  const plan = dominators(closureFrom({ a: [1, 'b'], b: [1, 'c'], c: [100 * megabyte] }), none, 94)
  assert.deepEqual(namesIn(plan), ['b c', 'a'])
  assert.equal(plan[0]?.reason, 'big')
})

//   a ──> b <── c      closure sizes as somebody else has counted them
test('a closure size that comes with a path is taken as it is', () => {
  const { roots, nodes } = closureFrom({ a: [1, 'b'], b: [1], c: [1, 'b'] })
  const plan = dominators({ roots, nodes: nodes.map((node) => ({ ...node, closureSize: 7 })) }, none, 94)
  assert.deepEqual(
    plan.map(({ size }) => size),
    [7, 7, 7],
  )
})

//   a ──> nss-cacert-3      b ──> iana-etc-2
test('what is in every image counts 500,000, whatever the data says', () => {
  const drawing: Drawing = {
    a: [1, 'nss-cacert-3'],
    b: [1, 'iana-etc-2'],
    'nss-cacert-3': [3],
    'iana-etc-2': [2],
  }
  const plan = dominators(closureFrom(drawing), counted({ 'nss-cacert-3': 1 }), 94)
  assert.deepEqual(
    plan.map(({ rating }) => rating),
    [1_500_000, 1_000_000, 4, 3],
  )
})

//   a ──> b ──> c
test('what was asked for is a layer even where another path needs it', () => {
  const drawing: Drawing = { a: [1, 'b'], b: [1, 'c'], c: [1] }
  assert.deepEqual(namesIn(dominators(closureFrom(drawing), none, 94)), ['a b c'])
  assert.deepEqual(namesIn(dominators(closureFrom(drawing, ['a', 'b']), none, 94)), ['a', 'b c'])
})

//   a      b ──> c <──> d      e <──> f      only a was asked for
test('what the paths asked for do not reach is not lost', () => {
  const drawing: Drawing = { a: [9], b: [1, 'c'], c: [1, 'd'], d: [1, 'c'], e: [1, 'f'], f: [1, 'e'] }
  assert.deepEqual(namesIn(dominators(closureFrom(drawing, ['a']), none, 94)), ['a', 'b c d', 'e f'])
})

//   a: 5   b: 4   c: 3   d: 3
test('over the budget the two least are merged and stay first, without sorting again', () => {
  const closure = closureFrom({ a: [5], b: [4], c: [3], d: [3] })
  assert.deepEqual(namesIn(dominators(closure, none, 4)), ['a', 'b', 'c', 'd'])
  assert.deepEqual(namesIn(dominators(closure, none, 3)), ['c d', 'a', 'b'])
  const plan = dominators(closure, none, 2)
  assert.deepEqual(namesIn(plan), ['b c d', 'a'])
  assert.deepEqual(plan[0], {
    storePaths: ['b', 'c', 'd'].map(pathOf),
    size: 10,
    rating: 10,
    head: pathOf('b'),
    reason: 'merged (3 groups)',
  })
})

//   a: 1   b: 1   c: 1
test('ties are broken by store path: the least are merged first, and the first come first', () => {
  const closure = closureFrom({ c: [1], a: [1], b: [1] })
  assert.deepEqual(namesIn(dominators(closure, none, 3)), ['a', 'b', 'c'])
  assert.deepEqual(namesIn(dominators(closure, none, 2)), ['a b', 'c'])
})

//   3 x (2^52 + 1) is less than 2 x (3 x 2^51 + 2), and rounds to the same number
test('ratings beyond what a number holds exactly are still told apart', () => {
  const closure = closureFrom({ a: [2 ** 52 + 1], b: [3 * 2 ** 51 + 2] })
  assert.deepEqual(namesIn(dominators(closure, counted({ a: 3, b: 2 }), 94)), ['b', 'a'])
})

test('an empty closure is an empty plan, and a budget below one is refused', () => {
  assert.deepEqual(dominators(closureFrom({}), none, 1), [])
  assert.throws(() => dominators(closureFrom({ a: [1] }), none, 0), RangeError)
})

const letters = 'abcdefghijklmnopqrstuvwxyz'.split('')

/** Any graph over the letters, cycles too, with sizes, popularity and roots that make ties likely. */
const anyInput = fc
  .array(fc.tuple(fc.constantFrom(1, 2, 60 * megabyte), fc.uniqueArray(fc.nat(25), { maxLength: 4 })), {
    minLength: 1,
    maxLength: 26,
  })
  .chain((rows) => {
    const names = letters.slice(0, rows.length)
    const drawing: Drawing = Object.fromEntries(
      rows.map(([size, to], i) => [names[i], [size, ...to.flatMap((j) => names[j] ?? [])]]),
    )
    return fc.record({
      closure: fc.subarray(names).map((roots) => closureFrom(drawing, roots)),
      popularity: fc.dictionary(fc.constantFrom(...names), fc.constantFrom(1, 99, 100)).map(counted),
      budget: fc.integer({ min: 1, max: 8 }),
    })
  })

test('a plan is a partition of the closure, within the budget, in descending order of rating', () => {
  fc.assert(
    fc.property(anyInput, ({ closure, popularity, budget }) => {
      const plan = dominators(closure, popularity, budget)
      const inPlan = plan.flatMap(({ storePaths }) => storePaths).toSorted()
      assert.deepEqual(inPlan, closure.nodes.map(({ path }) => path).toSorted())
      assert.ok(plan.length <= budget)
      const ratings = plan.map(({ rating }) => rating)
      assert.deepEqual(
        ratings,
        ratings.toSorted((a, b) => b - a),
      )
    }),
  )
})

test('the order of the input does not matter', () => {
  const shuffled = anyInput.chain((input) =>
    fc.record({
      input: fc.constant(input),
      nodes: fc.shuffledSubarray([...input.closure.nodes], { minLength: input.closure.nodes.length }),
      roots: fc.shuffledSubarray([...input.closure.roots], { minLength: input.closure.roots.length }),
    }),
  )
  fc.assert(
    fc.property(shuffled, ({ input: { closure, popularity, budget }, nodes, roots }) => {
      const turned = nodes.map((node) => ({ ...node, references: node.references.toReversed() }))
      assert.deepEqual(
        dominators({ roots, nodes: turned }, popularity, budget),
        dominators(closure, popularity, budget),
      )
    }),
  )
})

/**
 * What the original does, by the letter: who dominates whom by definition (what cannot be reached without a
 * path is dominated by it), closure sizes added up, the ascending order sorted once, and the first merged
 * into the second.
 */
function original({ roots, nodes }: Closure, { popularity }: SharedData, budget: number): readonly string[] {
  const byPath = new Map(nodes.map((node) => [node.path, node]))
  const reach = (starts: readonly string[], without?: string) => {
    const reached = new Set(starts.filter((path) => path !== without))
    for (const path of reached) {
      for (const next of byPath.get(pathOf(path.slice(44)))?.references ?? [])
        if (next !== without) reached.add(next)
    }
    return reached
  }
  const sizeOf = (path: string) =>
    nodes.filter((node) => reach([path]).has(node.path)).reduce((sum, { size }) => sum + size, 0)
  const starts = nodes
    .map(({ path }) => path)
    .filter(
      (path) =>
        roots.includes(path) || sizeOf(path) > 100 * megabyte || popularityOf(path, popularity) >= 100,
    )
  const all = [...reach(starts)].toSorted()
  const below = new Map(all.map((path) => [path, all.filter((one) => !reach(starts, path).has(one))]))
  const heads = all.filter((path) => all.every((one) => one === path || !below.get(one)?.includes(path)))
  let layers = heads
    .map((head) => {
      const contents = below.get(head) ?? []
      const size = contents.reduce((sum, path) => sum + sizeOf(path), 0)
      return { contents, rating: size * popularityOf(pathOf(head.slice(44)), popularity) }
    })
    .toSorted((a, b) => a.rating - b.rating || ((a.contents[0] ?? '') < (b.contents[0] ?? '') ? -1 : 1))
  while (layers.length > budget) {
    const [first, second, ...others] = layers
    if (!first || !second) break
    const merged = { contents: [...first.contents, ...second.contents], rating: first.rating + second.rating }
    layers = [merged, ...others]
  }
  return layers.map(({ contents }) => contents.toSorted().join(' ')).toSorted()
}

test('the partition is the original’s, ties and merges included', () => {
  const rooted = anyInput.filter(({ closure }) => closure.roots.length > 0)
  fc.assert(
    fc.property(rooted, ({ closure, popularity, budget }) => {
      const reached = new Set(closure.roots)
      for (const path of reached) {
        for (const next of closure.nodes.find((node) => node.path === path)?.references ?? [])
          reached.add(next)
      }
      const whole = { ...closure, nodes: closure.nodes.filter(({ path }) => reached.has(path)) }
      const partition = dominators(whole, popularity, budget).map(({ storePaths }) => storePaths.join(' '))
      assert.deepEqual(partition.toSorted(), original(whole, popularity, budget))
    }),
  )
})

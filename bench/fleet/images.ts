import { nameOf, type StorePath } from '../../src/store/storePath.ts'
import type { ClosureNode } from '../../src/layers/plan.ts'
import { randomFrom } from './random.ts'
import type { PackageGraph } from './packageGraph.ts'

/** How likely an image has a shell, and the most programs that it is made for. */
const shellLikelihood = 0.7
const mostPrograms = 6

/** What an image was asked for. */
export type Wish = readonly StorePath[]

/**
 * What a fleet asks for: the base, seven times out of ten a shell, and one to six programs by Zipf's law (s =
 * 1) over an order in which those that much of the set needs are likely to come first: (1 + needed)^0.5 is a
 * program's weight.
 */
export function drawWishes(
  graph: PackageGraph,
  needed: (path: StorePath) => number,
  count: number,
  seed: number,
): readonly Wish[] {
  const random = randomFrom(seed)
  const order = graph.programs
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .map((path) => ({ path, rank: -Math.log(1 - random()) / Math.sqrt(1 + needed(path)) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ path }) => path)
  let sum = 0
  const cumulative = Float64Array.from(order, (_, rank) => (sum += 1 / (rank + 1)))
  const draw = () => order[firstAbove(cumulative, random() * sum)]
  return Array.from({ length: count }, () => {
    const wish = new Set(graph.base)
    if (random() < shellLikelihood) for (const path of graph.shell) wish.add(path)
    const programs = new Set<StorePath>()
    const wanted = Math.min(1 + Math.floor(random() * mostPrograms), order.length)
    while (programs.size < wanted) {
      const path = draw()
      if (path !== undefined) programs.add(path)
    }
    return [...wish.union(programs)]
  })
}

function firstAbove(cumulative: Float64Array, value: number): number {
  let [low, high] = [0, cumulative.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((cumulative[middle] ?? 0) > value) high = middle
    else low = middle + 1
  }
  return low
}

/** All that a wish needs, sorted by path. */
export function closureFor(wish: Wish, nodes: ReadonlyMap<StorePath, ClosureNode>): readonly ClosureNode[] {
  const reached = new Set(wish)
  // A Set is iterated in the order of insertion, what is added meanwhile included.
  for (const path of reached)
    for (const reference of nodes.get(path)?.references ?? []) reached.add(reference)
  return [...reached].toSorted().flatMap((path) => nodes.get(path) ?? [])
}

import type { StorePath } from '../store/storePath.ts'
import { packageKey } from './packageKey.ts'
import type { Closure, ClosureNode, LayerPlan, SharedData } from './plan.ts'
import { isInEveryImage, popularityOf } from './popularity.ts'

/** Store paths that share a layer in every image. */
export interface Group {
  readonly head: StorePath
  readonly nodes: readonly ClosureNode[]
  readonly reason: string
}

/**
 * Makes layers of groups: each is one where they fit the budget; else the largest are, by bytes (ties by
 * head), and what is left shares the last.
 *
 * The order is by what is known of sharing, the most shared first, so that images have as long a beginning in
 * common as can be: clients that know a layer by all that is below it then know it again. What is in every
 * image comes first, then by how many paths of the package set need the head, else by its popularity, else by
 * how many paths of the image refer to it. The layer of the rest, which is the least shared, is the last.
 * @throws RangeError for a budget below 1
 */
export function layersOfGroups(
  groups: readonly Group[],
  closure: Closure,
  data: SharedData,
  budget: number,
): readonly LayerPlan[] {
  if (!Number.isInteger(budget) || budget < 1) throw new RangeError(`no layers fit a budget of ${budget}`)
  const sized = groups.map((group) => ({ ...group, size: sizeOf(group.nodes) }))
  if (sized.length > budget) sized.sort((a, b) => b.size - a.size || (a.head < b.head ? -1 : 1))
  const fits = sized.length <= budget
  const own = fits ? sized : sized.slice(0, budget - 1)
  const ratingOf = rater(closure, data)
  const layers = own
    .map(({ head, nodes, size, reason }) => ({
      storePaths: pathsOf(nodes),
      size,
      rating: ratingOf(head),
      head,
      reason,
    }))
    .toSorted((a, b) => b.rating - a.rating || (a.head < b.head ? -1 : 1))
  const rest = fits ? [] : sized.slice(budget - 1)
  const [largest] = rest
  if (!largest) return layers
  const nodes = rest.flatMap((group) => group.nodes)
  const reason = `rest: the ${rest.length} smallest groups, as only ${budget} layers are allowed`
  return [
    ...layers,
    { storePaths: pathsOf(nodes), size: sizeOf(nodes), rating: 0, head: largest.head, reason },
  ]
}

/** A number larger than the number of paths of any package set. */
const inEveryImage = 1e9

function rater({ nodes }: Closure, { needed, popularity }: SharedData): (path: StorePath) => number {
  const known = rateByData(needed, popularity) ?? rateByReferrers(nodes)
  return (path) => (isInEveryImage(path) ? inEveryImage : known(path))
}

function rateByData(
  needed: SharedData['needed'],
  popularity: SharedData['popularity'],
): ((path: StorePath) => number) | undefined {
  if (needed.size > 0) return (path) => needed.get(packageKey(path)) ?? 1
  return popularity.size > 0 ? (path) => popularityOf(path, popularity) : undefined
}

function rateByReferrers(nodes: readonly ClosureNode[]): (path: StorePath) => number {
  const referrers = new Map<StorePath, number>()
  for (const { references } of nodes) {
    for (const path of references) referrers.set(path, (referrers.get(path) ?? 0) + 1)
  }
  return (path) => 1 + (referrers.get(path) ?? 0)
}

function sizeOf(nodes: readonly ClosureNode[]): number {
  return nodes.reduce((sum, { size }) => sum + size, 0)
}

function pathsOf(nodes: readonly ClosureNode[]): readonly StorePath[] {
  return nodes.map(({ path }) => path).toSorted()
}

import type { StorePath } from '../store/storePath.ts'
import { layersOfGroups, type Group } from './layersOfGroups.ts'
import { packageKey } from './packageKey.ts'
import type { Closure, ClosureNode, Forest, LayerStrategy } from './plan.ts'

/**
 * The stable forest: every path follows the paths that it joined, as long as the image has them, and shares
 * the layer of the last one. So what shares a layer is the same in every image with that last path: a group
 * does not depend on what else is in an image. Groups are made even if single paths would fit, since they
 * might not fit in an image with one more path. Without a forest every path is a group of its own.
 *
 * A path joins only a path that refers to it. A forest that was made for another version of the package set
 * may leave groups smaller than they could be, but never makes them differ between images.
 */
export const forest: LayerStrategy = (closure, data, budget) =>
  layersOfGroups(groupsOf(closure, data.forest), closure, data, budget)

function groupsOf({ nodes }: Closure, forest: Forest): readonly Group[] {
  if (forest.size === 0) return nodes.map((node) => groupOf(node, [node]))
  const parents = parentsOf(nodes, forest)
  const heads = new Map<ClosureNode, ClosureNode>()
  const headOf = (node: ClosureNode): ClosureNode => {
    const known = heads.get(node)
    if (known) return known
    const parent = parents.get(node)
    const head = parent ? headOf(parent) : node
    heads.set(node, head)
    return head
  }
  return [...Map.groupBy(nodes, headOf)].map(([head, members]) => groupOf(head, members))
}

/**
 * For each path that joins another, the path of the image that it joins. If several have that name, the first
 * in order.
 */
function parentsOf(nodes: readonly ClosureNode[], forest: Forest): ReadonlyMap<ClosureNode, ClosureNode> {
  const wanted = new Map<StorePath, { readonly node: ClosureNode; readonly parent: string }>()
  const keys = nodes.map(({ path }) => packageKey(path))
  for (const [index, node] of nodes.entries()) {
    const parent = forest.get(keys[index] ?? '')
    if (parent !== undefined) wanted.set(node.path, { node, parent })
  }
  const parents = new Map<ClosureNode, ClosureNode>()
  for (const [index, candidate] of nodes.entries()) {
    const key = keys[index] ?? ''
    for (const reference of candidate.references) {
      const found = wanted.get(reference)
      if (found?.parent !== key || found.node === candidate) continue
      const rival = parents.get(found.node)
      if (!rival || candidate.path < rival.path) parents.set(found.node, candidate)
    }
  }
  return parents
}

function groupOf({ path: head }: ClosureNode, nodes: readonly ClosureNode[]): Group {
  const reason = nodes.length === 1 ? 'alone' : `${nodes.length - 1} seldom needed without it`
  return { head, nodes, reason }
}

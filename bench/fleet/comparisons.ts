import { indexGraph, postorder } from '../../src/layers/indexedGraph.ts'
import type { Closure, ClosureNode, LayerPlan, LayerStrategy } from '../../src/layers/plan.ts'

/**
 * What Nixpkgs' dockerTools did for years: paths by how often they occur in the tree of references, the most
 * frequent a layer each, the others in one. The tree repeats what is referred to twice, so numbers grow
 * beyond what is exact.
 */
export const nixpkgsPopularity: LayerStrategy = ({ nodes }, _data, budget) => {
  const graph = indexGraph(nodes)
  const order = postorder(graph.successors, graph.successors.keys()).toReversed()
  const occurrences = new Float64Array(nodes.length).fill(1)
  for (const node of order) {
    for (const target of graph.successors[node] ?? []) {
      occurrences[target] = (occurrences[target] ?? 0) + (occurrences[node] ?? 0)
    }
  }
  const ranked = [...graph.nodes.entries()]
    .toSorted(([a, one], [b, other]) => {
      const difference = (occurrences[b] ?? 0) - (occurrences[a] ?? 0)
      if (difference !== 0) return difference
      return nameOf(one) < nameOf(other) ? -1 : 1
    })
    .map(([, node]) => node)
  const single = ranked.slice(0, budget - 1).map((node) => [node])
  const rest = ranked.slice(budget - 1)
  return [...single, ...(rest.length === 0 ? [] : [rest])].map(layerOf)
}

/**
 * What Nixpkgs' dockerTools has done of late: the largest paths are taken as primaries one after the other;
 * paths that the same primaries need (of those, the ones that no other of them comes between) share a layer;
 * the last step that keeps within the budget counts.
 */
export const nixpkgsCohorts: LayerStrategy = ({ nodes }, _data, budget) => {
  const graph = indexGraph(nodes)
  const users = inverse(graph.successors)
  const bySize = [...graph.nodes.keys()].toSorted(
    (a, b) => (graph.nodes[b]?.size ?? 0) - (graph.nodes[a]?.size ?? 0) || a - b,
  )
  let cohorts: readonly (readonly number[])[] = nodes.map(() => [])
  for (const primary of bySize) {
    const next = [...cohorts]
    next[primary] = [primary]
    const needs = without(primary, postorder(graph.successors, [primary]))
    const neededBy = without(primary, postorder(users, [primary]))
    for (const path of needs) {
      const kept = (next[path] ?? []).filter((one) => !neededBy.has(one))
      next[path] = kept.some((one) => needs.has(one)) ? kept : [...kept, primary].toSorted((a, b) => a - b)
    }
    if (new Set(next.map(String)).size > budget) break
    cohorts = next
  }
  const layers = Map.groupBy(graph.nodes.entries(), ([node]) => String(cohorts[node]))
  return [...layers.values()].map((members) => layerOf(members.map(([, node]) => node)))
}

function without(node: number, reached: readonly number[]): ReadonlySet<number> {
  return new Set(reached.filter((one) => one !== node))
}

function inverse(successors: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const users: number[][] = successors.map(() => [])
  for (const [node, targets] of successors.entries()) for (const target of targets) users[target]?.push(node)
  return users
}

function nameOf({ path }: ClosureNode): string {
  return path.slice(path.indexOf('-') + 1)
}

function layerOf(nodes: Closure['nodes']): LayerPlan {
  const [head] = nodes
  if (!head) throw new Error('a layer without paths')
  return {
    storePaths: nodes.map(({ path }) => path).toSorted(),
    size: nodes.reduce((sum, { size }) => sum + size, 0),
    rating: 0,
    head: head.path,
    reason: '',
  }
}

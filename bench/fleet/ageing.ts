import { packageKey } from '../../src/layers/packageKey.ts'
import type { ClosureNode, Forest, SharedData } from '../../src/layers/plan.ts'
import { indexGraph, postorder } from '../../src/layers/indexedGraph.ts'
import type { StorePath } from '../../src/store/storePath.ts'
import { rebuilt } from './packageGraph.ts'
import { randomFrom } from './random.ts'

/**
 * What a year does to a package set: shares of packages that are new, of references that are new, of new
 * versions.
 */
const newPackages = 0.08
const newReferences = 0.08
const newVersions = 0.6

/** The set as it was a year ago: without the packages and references that came since. */
export function yearAgo(nodes: readonly ClosureNode[], seed: number): readonly ClosureNode[] {
  const random = randomFrom(seed)
  // In an order of its own, so that chance falls alike whatever form the graph was read from.
  const sorted = nodes.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const gone = new Set(sorted.filter(() => random() < newPackages).map(({ path }) => path))
  return sorted
    .filter(({ path }) => !gone.has(path))
    .map((node) => ({
      ...node,
      references: [...new Set(node.references)]
        .toSorted()
        .filter((path) => !gone.has(path) && random() >= newReferences),
    }))
}

/**
 * What is left of data a year later, if its names had versions: it knows those that have the same one still.
 */
export function keyedWithVersions(data: SharedData, seed: number): SharedData {
  const random = randomFrom(seed)
  const same = new Set([...data.needed.keys()].toSorted().filter(() => random() >= newVersions))
  const forest: Forest = new Map(
    [...data.forest].filter(([name, parent]) => same.has(name) && same.has(parent)),
  )
  return { ...data, forest, needed: new Map([...data.needed].filter(([name]) => same.has(name))) }
}

/**
 * The set after a share of its packages was updated; with `dependents`, all that needs them was built anew,
 * as Nix does it. Names, sizes and references stay.
 */
export function updated(
  nodes: readonly ClosureNode[],
  share: number,
  dependents: boolean,
  seed: number,
): { readonly nodes: readonly ClosureNode[]; readonly pathOf: (path: StorePath) => StorePath } {
  const random = randomFrom(seed)
  const graph = indexGraph(nodes)
  const changed = new Set([...graph.nodes.keys()].filter(() => random() < share))
  if (dependents) {
    // What a node refers to comes before it.
    for (const node of postorder(graph.successors, graph.successors.keys())) {
      if (graph.successors[node]?.some((target) => changed.has(target))) changed.add(node)
    }
  }
  const paths = new Map(
    graph.nodes.map(({ path }, index) => [path, changed.has(index) ? rebuilt(path) : path]),
  )
  const pathOf = (path: StorePath) => paths.get(path) ?? path
  return {
    nodes: graph.nodes.map((node) => ({
      ...node,
      path: pathOf(node.path),
      references: node.references.map(pathOf),
    })),
    pathOf,
  }
}

/** How many packages of a set a table knows, as a share. */
export function coverage(nodes: readonly ClosureNode[], { needed }: SharedData): number {
  return nodes.filter(({ path }) => needed.has(packageKey(path))).length / nodes.length
}

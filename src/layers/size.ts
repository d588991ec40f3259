import { layersOfGroups } from './layersOfGroups.ts'
import type { LayerStrategy } from './plan.ts'

/** The largest paths get a layer each, the others share one. It needs no knowledge of the package set. */
export const size: LayerStrategy = (closure, data, budget) =>
  layersOfGroups(
    closure.nodes.map((node) => ({ head: node.path, nodes: [node], reason: 'alone' })),
    closure,
    data,
    budget,
  )

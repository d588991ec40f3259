import { layersOfGroups } from './layersOfGroups.ts'
import type { LayerStrategy } from './plan.ts'

/** The largest paths are a layer each, the others share one: what can be had without knowing anything of the package set. */
export const size: LayerStrategy = (closure, data, budget) =>
  layersOfGroups(
    closure.nodes.map((node) => ({ head: node.path, nodes: [node], reason: 'alone' })),
    closure,
    data,
    budget,
  )

import type { Closure, LayerPlan, LayerStrategy } from '../layers/plan.ts'
import type { PopularityData } from '../layers/popularity.ts'

/** How this server groups closures, and what tells it from another way. */
export interface Layering {
  /** Part of every image's key. */
  readonly identity: string
  plan(closure: Closure): readonly LayerPlan[]
}

/** @param budget most layers of store paths; the root layer comes on top */
export function createLayering(
  name: string,
  strategy: LayerStrategy,
  popularity: PopularityData,
  budget: number,
): Layering {
  return {
    identity: `${name} ${budget} ${popularity.identity}`,
    plan: (closure) => strategy(closure, popularity.counts, budget),
  }
}

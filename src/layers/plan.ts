import type { StorePath } from '../nix/types.ts'

/** One store path of a closure. `size` is its own size (NAR) in bytes; references without itself. */
export interface ClosureNode {
  readonly path: StorePath
  readonly size: number
  readonly references: readonly StorePath[]
}

/** Package name (store path without hash) -> how many packages refer to it. */
export type Popularity = ReadonlyMap<string, number>

/** Which store paths share a layer. `size` in bytes as the strategy counts it. */
export interface LayerPlan {
  readonly storePaths: readonly StorePath[]
  readonly size: number
  readonly rating: number
}

/** Groups a closure into at most `budget` layers, the most shared first. Pure: one input, one plan. */
export type LayerStrategy = (
  closure: readonly ClosureNode[],
  popularity: Popularity,
  budget: number,
) => readonly LayerPlan[]

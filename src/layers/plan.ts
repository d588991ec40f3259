import type { StorePath } from '../store/storePath.ts'

/** One store path of a closure. Sizes in bytes; references without itself. */
export interface ClosureNode {
  readonly path: StorePath
  /** Its own size (NAR). */
  readonly size: number
  /** Size of all that it needs, itself included, where somebody has computed it already. */
  readonly closureSize?: number
  readonly references: readonly StorePath[]
}

/** What an image holds: every reference of a node is a node too. */
export interface Closure {
  /** What the image was asked for. Empty when that is not known: then the nodes that no other node refers to. */
  readonly roots: readonly StorePath[]
  readonly nodes: readonly ClosureNode[]
}

/** Package name (store path without hash) -> how many packages refer to it. */
export type Popularity = ReadonlyMap<string, number>

/** Package (as `packageKey` has it) -> the package whose layer it joins, wherever an image has both. Without circles. */
export type Forest = ReadonlyMap<string, string>

/** What is known beside the image: the same for all images of a revision. All of it may be empty. */
export interface SharedData {
  readonly popularity: Popularity
  readonly forest: Forest
  /** Package (as `packageKey` has it) -> how many paths of its set need it. */
  readonly needed: ReadonlyMap<string, number>
}

/** Which store paths share a layer. */
export interface LayerPlan {
  /** Sorted. */
  readonly storePaths: readonly StorePath[]
  /** In bytes, as the strategy counts it. */
  readonly size: number
  readonly rating: number
  /** The path that the others of the layer came with. */
  readonly head: StorePath
  /** For people: why this is a layer. */
  readonly reason: string
}

/**
 * Groups a closure into at most `budget` layers, the most shared first. Pure: one input, one plan.
 * @throws RangeError for a budget below 1
 */
export type LayerStrategy = (closure: Closure, data: SharedData, budget: number) => readonly LayerPlan[]

import type { StorePath } from '../store/storePath.ts'

/** One store path of a closure. Sizes in bytes; references without itself. */
export interface ClosureNode {
  readonly path: StorePath
  /** Its own size (NAR). */
  readonly size: number
  /** Size of everything that it needs, including itself, if that is already known. */
  readonly closureSize?: number
  readonly references: readonly StorePath[]
}

/** What is in an image. Every reference of a node is a node too. */
export interface Closure {
  /**
   * The paths that were asked for. Empty if that is not known: then the nodes that no other node refers to.
   */
  readonly roots: readonly StorePath[]
  readonly nodes: readonly ClosureNode[]
}

/** Package name (store path without hash) -> how many packages refer to it. */
export type Popularity = ReadonlyMap<string, number>

/**
 * Package (a `packageKey`) -> the package whose layer it joins in every image that has both. Without circles.
 */
export type Forest = ReadonlyMap<string, string>

/** What is known besides the image, the same for all images of a revision. Each part may be empty. */
export interface SharedData {
  readonly popularity: Popularity
  readonly forest: Forest
  /** Package (a `packageKey`) -> how many paths of its set need it. */
  readonly needed: ReadonlyMap<string, number>
}

/** Which store paths share a layer. */
export interface LayerPlan {
  /** Sorted. */
  readonly storePaths: readonly StorePath[]
  /** In bytes, as the strategy counts them. */
  readonly size: number
  readonly rating: number
  /** The main path of the layer: the others are there because of it. */
  readonly head: StorePath
  /** For people: why this is a layer. */
  readonly reason: string
}

/**
 * Groups a closure into at most `budget` layers, the most shared first. A pure function.
 * @throws RangeError for a budget below 1
 */
export type LayerStrategy = (closure: Closure, data: SharedData, budget: number) => readonly LayerPlan[]

import type { RunOptions } from '../work/events.ts'
import type { Package } from '../store/package.ts'
import type { PathInfo } from '../store/pathInfo.ts'
import type { SetLocation } from '../store/revision.ts'
import type { StorePath } from '../store/storePath.ts'
import type { System } from '../store/system.ts'

export interface EvaluationQuery {
  /** Identity of what is at the location: with it, what was evaluated once may be kept. */
  readonly revision?: string
  readonly location: SetLocation
  readonly system: System
  /** Attribute paths as users name them. `evaluate.nix` has the order in which names are looked up. */
  readonly attributes: readonly string[]
  /** What users may have meant beside the names of the set: near misses are looked for among them too. */
  readonly otherNames?: readonly string[]
}

/** Holds store paths against Nix' garbage collector until it is released. */
export interface GcRoot {
  release(): Promise<void>
}

/** All that is asked of Nix: evaluation, realisation and what the store knows. */
export interface Nix {
  /**
   * Evaluates all attributes, in the order asked for.
   * @throws PackagesNotFound, AmbiguousPackage, EvaluationRefused, EvaluationFailed, NixFailed
   */
  evaluate(query: EvaluationQuery, run: RunOptions): Promise<readonly Package[]>
  /**
   * Substitutes or builds the outputs and holds them. Log lines arrive as events while they are written.
   * @throws BuildFailed, BuildTimedOut, DerivationGone (evaluate anew), NixFailed
   */
  realise(packages: readonly Package[], run: RunOptions): Promise<GcRoot>
  /** Every path that the roots need, themselves included, sorted by path. @throws NixFailed */
  closure(roots: readonly StorePath[], run: RunOptions): Promise<readonly PathInfo[]>
}

/** What tells an operator that Nix is there and answers. */
export interface ChecksReadiness {
  /** The version of Nix, such as `2.26.3`. @throws NixFailed */
  ready(): Promise<{ readonly version: string }>
}

/** Has processes of its own that wait for work. */
export interface Closes {
  /** Ends them. */
  close(): Promise<void>
}

import type { RunOptions } from '../work/events.ts'
import type { Package } from '../store/package.ts'
import type { PathInfo } from '../store/pathInfo.ts'
import type { SetLocation } from '../store/revision.ts'
import type { StorePath } from '../store/storePath.ts'
import type { System } from '../store/system.ts'
import type { InputRequest } from './inputRequest.ts'
import type { Wall } from './sandbox/walls.ts'

/** A package set, for one system. */
export interface PackageSet {
  /** Identity of what is at the location: with it, what was evaluated once may be kept. */
  readonly revision?: string
  readonly location: SetLocation
  readonly system: System
  /** Whether the operator chose it: it may use what he allows. Otherwise, its own files and nothing else. */
  readonly trusted?: boolean
}

/**
 * Downloads what a package set fetches while it is evaluated.
 * @param target path where the file, or the folder that a tarball has, shall be
 * @throws SourceFailed
 */
export type FetchInput = (
  input: Pick<InputRequest, 'kind' | 'url'>,
  target: string,
  run: RunOptions,
) => Promise<void>

export interface EvaluationQuery extends PackageSet {
  /** Attribute paths as users name them; see design.md for the look-up order. */
  readonly attributes: readonly string[]
  /** Attributes that may be missing. */
  readonly optional?: readonly string[]
  /** What users may have meant beside the names of the set: near misses are looked for among them too. */
  readonly otherNames?: readonly string[]
}

/** Holds store paths against Nix' garbage collector until it is released. */
export interface GcRoot {
  release(): Promise<void>
}

/**
 * Derivations that an evaluator wrote, with all that they refer to, in a form that a local store can take.
 */
export interface Derivations {
  readonly packages: readonly Package[]
  /** A binary cache that has them: what Nix' `--from` takes. */
  readonly cache: string
  /** Removes the cache. */
  release(): Promise<void>
}

/** What is known of a package set as a whole. */
interface PackageSetFacts {
  /** What its operator should know, such as variables that have no effect on it. */
  readonly warnings: readonly string[]
}

/**
 * The store paths of all packages of a set, and how many of its attributes were evaluated and could not be.
 */
export interface AllOutputs {
  readonly paths: readonly StorePath[]
  readonly attributes: number
  readonly failed: number
}

/** Evaluates package sets, whose authors may be anybody, in a sandbox without the machine's store. */
export interface Evaluator {
  /**
   * Evaluates all attributes, in the order asked for. What is optional and missing is left out, with an
   * event.
   * @throws PackagesNotFound, AmbiguousPackage, EvaluationRefused, EvaluationFailed, PackageSetFailed,
   * NixFailed
   */
  evaluate(query: EvaluationQuery, run: RunOptions): Promise<readonly Package[]>
  /** As `evaluate`, and writes the derivations. @throws as `evaluate` does */
  derive(query: EvaluationQuery, run: RunOptions): Promise<Derivations>
  /** Evaluates the set itself. @throws PackageSetFailed, EvaluationFailed, NixFailed */
  inspect(set: PackageSet, run: RunOptions): Promise<PackageSetFacts>
  /**
   * Evaluates every package of a set.
   * @param onProgress gets the number of attributes that are done, now and then
   * @throws PackageSetFailed, NixFailed
   */
  outputs(
    set: PackageSet,
    run: RunOptions,
    onProgress?: (done: number, of: number) => void,
  ): Promise<AllOutputs>
  /** What stands between a package set and the machine. @throws NixFailed without Nix */
  walls(): Promise<readonly Wall[]>
}

/**
 * The store of this machine, where packages are built. Only what comes of trusted revisions may be added to
 * it.
 */
export interface LocalStore {
  /** Takes derivations; what is there already stays. @throws NixFailed */
  add(derivations: Derivations, run: RunOptions): Promise<void>
  /**
   * Substitutes or builds the outputs and holds them. Log lines arrive as events while they are written. A
   * derivation is needed only if an output can neither be found nor substituted.
   * @throws BuildFailed, BuildTimedOut, DerivationMissing (instantiate, and try again), NixFailed
   */
  realise(packages: readonly Package[], run: RunOptions): Promise<GcRoot>
  /** Every path that the roots need, themselves included, sorted by path. @throws NixFailed */
  closure(roots: readonly StorePath[], run: RunOptions): Promise<readonly PathInfo[]>
}

/** All that is asked of Nix. */
export interface Nix extends Omit<Evaluator, 'derive'>, Omit<LocalStore, 'add'> {
  /**
   * Evaluates, and adds the derivations to the local store: for trusted revisions only. @throws as `evaluate`
   * does
   */
  instantiate(query: EvaluationQuery, run: RunOptions): Promise<readonly Package[]>
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

import { resolve } from 'node:path'
import { NixFailed } from '../errors.ts'
import { searchPath } from '../process/searchPath.ts'
import type { NixOptions } from './command.ts'
import type { EvaluationLimits } from './confinedNix.ts'
import { createEvaluator } from './evaluator.ts'
import { GcRoots } from './gcRoots.ts'
import { InputStores } from './inputStores.ts'
import { createLocalStore } from './localStore.ts'
import type { ChecksReadiness, Closes, FetchInput, Nix } from './nix.ts'
import { nixpkgsConfigOf } from './nixpkgsConfig.ts'
import { ready } from './ready.ts'
import { Sandbox, type SandboxOptions } from './sandbox/sandbox.ts'
import { WarmEvaluators } from './warmEvaluators.ts'

/** Milliseconds after which a Nix that does not answer counts as broken. */
const READY_WITHIN = 10_000

/** What an evaluation may use if the caller does not say. */
const usualLimits: EvaluationLimits = { memory: 4 * 1024 ** 3, seconds: 120, space: 1024 ** 3 }

/** @internal Tests choose the isolation. */
export interface CreateNixOptions extends NixOptions {
  /** Processes at most that keep a package set evaluated; none when it is 0. */
  readonly evaluators?: number
  readonly limits?: Partial<EvaluationLimits>
  /** `NIXPKGS_*` variables, with the content of the file that `NIXPKGS_CONFIG` names. */
  readonly environment?: Readonly<Record<string, string>>
  /** What trusted package sets may read beside their own files, in the words of Nix' search path. */
  readonly alsoReadable?: readonly string[]
  /** How trusted package sets fetch while they are evaluated; without it, they do not. */
  readonly fetching?: { readonly fetch: FetchInput; readonly allowedUris: readonly string[] }
  /** Trusted package sets are evaluated outside the sandbox, with the machine's store. */
  readonly evaluatesInStore?: boolean
  /** Which isolation evaluators get; without it, the best that works. */
  readonly isolation?: SandboxOptions['isolation']
}

/**
 * Nix by way of its programs, which every version has: evaluators in a sandbox, and the local store. Removes
 * what servers that are no more left. @throws NixFailed when the state's folder cannot be read
 */
export async function createNix({
  evaluators: count = 0,
  limits: ownLimits,
  environment = {},
  alsoReadable = [],
  fetching,
  evaluatesInStore = false,
  isolation,
  ...options
}: CreateNixOptions): Promise<Nix & ChecksReadiness & Closes> {
  const stateDir = resolve(options.stateDir)
  const roots = new GcRoots(stateDir)
  try {
    await roots.removeAbandoned()
  } catch (cause) {
    throw new NixFailed('the folder for garbage collector roots cannot be read', { cause })
  }
  const limits = { ...usualLimits, ...ownLimits }
  const { config, ...nixpkgs } = nixpkgsConfigOf(environment)
  const sandbox = new Sandbox({
    stateDir,
    path: searchPath(options.env),
    memory: limits.memory,
    ...(config === undefined ? {} : { config }),
    ...(isolation === undefined ? {} : { isolation }),
  })
  const warm = count > 0 ? new WarmEvaluators({ sandbox, count, limits }) : undefined
  const inputs = fetching && new InputStores({ sandbox, limits, ...fetching })
  const optional = {
    ...(warm ? { warm } : {}),
    ...(inputs ? { inputs } : {}),
    ...(evaluatesInStore ? { machineStore: options } : {}),
  }
  const evaluator = createEvaluator({ sandbox, limits, nixpkgs, alsoReadable, ...optional })
  const store = createLocalStore(roots, options)
  return {
    evaluate: (query, run) => evaluator.evaluate(query, run),
    inspect: (set, run) => evaluator.inspect(set, run),
    outputs: (set, run, onProgress) => evaluator.outputs(set, run, onProgress),
    async instantiate(query, run) {
      // The derivations are there afterwards.
      if (evaluatesInStore && query.trusted === true) return evaluator.evaluate(query, run)
      const derivations = await evaluator.derive(query, run)
      try {
        await store.add(derivations, run)
        return derivations.packages
      } finally {
        await derivations.release()
      }
    },
    walls: () => evaluator.walls(),
    realise: (packages, run) => store.realise(packages, run),
    closure: (paths, run) => store.closure(paths, run),
    async close() {
      await warm?.close()
      await inputs?.close()
      await sandbox.close()
    },
    ready: () => ready(options, { signal: AbortSignal.timeout(READY_WITHIN), onEvent: () => {} }),
  }
}

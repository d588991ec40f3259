import { resolve } from 'node:path'
import { NixFailed } from '../errors.ts'
import { closure } from './closure.ts'
import type { NixOptions } from './command.ts'
import { evaluate } from './evaluate.ts'
import { GcRoots } from './gcRoots.ts'
import type { ChecksReadiness, Closes, Nix } from './nix.ts'
import { ready } from './ready.ts'
import { realise } from './realise.ts'
import { WarmEvaluators } from './warmEvaluators.ts'

/** Milliseconds after which a Nix that does not answer counts as broken. */
const READY_WITHIN = 10_000

interface CreateNixOptions extends NixOptions {
  /** Processes at most that keep a package set evaluated; none when it is 0. */
  readonly evaluators?: number
}

/**
 * Nix by way of `nix-instantiate` and `nix-store`, which every version has. Removes what servers that are no
 * more left of garbage collector roots. @throws NixFailed when the state's folder cannot be read
 */
export async function createNix({
  evaluators: count = 0,
  ...options
}: CreateNixOptions): Promise<Nix & ChecksReadiness & Closes> {
  const roots = new GcRoots(resolve(options.stateDir))
  try {
    await roots.removeAbandoned()
  } catch (cause) {
    throw new NixFailed('the folder for garbage collector roots cannot be read', { cause })
  }
  const evaluators = count > 0 ? new WarmEvaluators({ ...options, count }) : undefined
  return {
    evaluate: (query, run) => evaluate(query, evaluators ? { ...options, evaluators } : options, run),
    realise: (packages, run) => realise(packages, roots, options, run),
    closure: (paths, run) => closure(paths, options, run),
    close: async () => evaluators?.close(),
    ready: () => ready(options, { signal: AbortSignal.timeout(READY_WITHIN), onEvent: () => {} }),
  }
}

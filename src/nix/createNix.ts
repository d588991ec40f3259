import { resolve } from 'node:path'
import { NixFailed } from '../errors.ts'
import { closure } from './closure.ts'
import type { NixOptions } from './command.ts'
import { evaluate } from './evaluate.ts'
import { GcRoots } from './gcRoots.ts'
import type { ChecksReadiness, Nix } from './nix.ts'
import { ready } from './ready.ts'
import { realise } from './realise.ts'

/** Milliseconds after which a Nix that does not answer counts as broken. */
const READY_WITHIN = 10_000

/**
 * Nix by way of `nix-instantiate` and `nix-store`, which every version has. Removes what servers that are no more
 * left of garbage collector roots. @throws NixFailed when the state's folder cannot be read
 */
export async function createNix(options: NixOptions): Promise<Nix & ChecksReadiness> {
  const roots = new GcRoots(resolve(options.stateDir))
  try {
    await roots.removeAbandoned()
  } catch (cause) {
    throw new NixFailed('the folder for garbage collector roots cannot be read', { cause })
  }
  return {
    evaluate: (query, run) => evaluate(query, options, run),
    realise: (packages, run) => realise(packages, roots, options, run),
    closure: (paths, run) => closure(paths, options, run),
    ready: () => ready(options, { signal: AbortSignal.timeout(READY_WITHIN), onEvent: () => {} }),
  }
}

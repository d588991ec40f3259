import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { closure } from './closure.ts'
import { lastWords, runNix, type NixOptions } from './command.ts'
import type { GcRoots } from './gcRoots.ts'
import type { Derivations, LocalStore } from './nix.ts'
import { realise } from './realise.ts'

/** The store that Nix uses on this machine, by itself or by way of a daemon. */
export function createLocalStore(roots: GcRoots, options: NixOptions): LocalStore {
  return {
    add: (derivations, run) => add(derivations, options, run),
    realise: (packages, run) => realise(packages, roots, options, run),
    closure: (paths, run) => closure(paths, options, run),
  }
}

/**
 * Nix takes paths without a signature only if their content is what their name says, as that of derivations
 * and sources is: a sandbox that was broken out of cannot bring anything else in.
 */
async function add({ packages, cache }: Derivations, options: NixOptions, run: RunOptions): Promise<void> {
  if (packages.length === 0) return
  const settings = ['--extra-experimental-features', 'nix-command', '--option', 'require-sigs', 'true']
  const derivations = new Set(packages.map(({ derivation }) => derivation))
  const args = [...settings, 'copy', '--derivation', '--from', cache, ...derivations]
  const outcome = await runNix('nix', args, options, run)
  if (outcome.code === 0) return
  throw new NixFailed(`the derivations cannot be added to the Nix store: ${lastWords(outcome)}`)
}

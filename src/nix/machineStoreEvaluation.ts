import { join } from 'node:path'
import { builderArgs, runNix, type NixOptions, type NixOutcome } from './command.ts'
import type { RunOptions } from '../work/events.ts'

/**
 * Evaluates with the rights of the server, the machine's settings of Nix and its store, where the derivations
 * are afterwards. So package sets may do what they may with Nix alone, such as `fetchGit` and import from
 * derivation. For revisions that the operator trusts.
 * @param expressions the folder of `evaluate.nix`
 * @param request what it is asked
 * @throws NixFailed
 */
export function evaluateInMachineStore(
  expressions: string,
  request: string,
  options: NixOptions,
  run: RunOptions,
): Promise<NixOutcome> {
  const mode = ['--eval', '--strict', '--json', '--read-write-mode']
  const question = ['--argstr', 'request', request, join(expressions, 'evaluate.nix')]
  return runNix('nix-instantiate', [...mode, ...builderArgs(options), ...question], options, run)
}

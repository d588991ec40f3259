import { join } from 'node:path'
import { builderArgs, runNix, type NixOptions } from './command.ts'
import { outcomeOf, type Ask } from './coldEvaluation.ts'
import type { EvaluationLimits } from './confinedNix.ts'
import { configWarnings, evaluate } from './evaluate.ts'
import { requestOf, type SetRequest } from './evaluation.ts'
import { setFault } from './evaluationFaults.ts'
import type { Evaluator, PackageSet } from './nix.ts'
import type { NixpkgsConfig } from './nixpkgsConfig.ts'

interface StoreEvaluatorOptions {
  readonly nixOptions: NixOptions
  readonly limits: EvaluationLimits
  readonly nixpkgs: Omit<NixpkgsConfig, 'config'>
  /** The folder of `evaluate.nix`. @throws NixFailed */
  readonly expressions: () => Promise<string>
}

/**
 * Evaluates with the rights of the server, the machine's settings of Nix and its store, where the derivations
 * are afterwards. So package sets may do what they may with Nix alone, such as `fetchGit` and import from
 * derivation. For revisions that the operator trusts.
 */
export function createStoreEvaluator({
  nixOptions,
  limits,
  nixpkgs,
  expressions,
}: StoreEvaluatorOptions): Pick<Evaluator, 'evaluate' | 'inspect'> {
  const setOf = ({ location, system }: PackageSet): SetRequest => ({
    path: location.path,
    system,
    allow: nixpkgs.allow,
  })
  const ask: Ask = async (query, guarded, run) => {
    const request = requestOf(setOf(query), query.attributes, guarded)
    const mode = ['--eval', '--strict', '--json', '--read-write-mode']
    const file = join(await expressions(), 'evaluate.nix')
    const args = [...mode, ...builderArgs(nixOptions), '--argstr', 'request', request, file]
    return outcomeOf(await runNix('nix-instantiate', args, nixOptions, run))
  }
  return {
    evaluate: (query, run) => evaluate(query, { ask, limits, nixpkgs }, run),
    async inspect(query, run) {
      const outcome = await ask({ ...query, attributes: [] }, true, run)
      if ('failure' in outcome) throw setFault(outcome.failure, limits, query.trusted)
      return { warnings: configWarnings(nixpkgs, outcome.evaluation) }
    },
  }
}

import { join } from 'node:path'
import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { allOutputs } from './allOutputs.ts'
import { evaluateCold, evaluateInStore, outcomeOf, type Ask, type Question } from './coldEvaluation.ts'
import { lastWords } from './command.ts'
import { runConfined, type EvaluationLimits } from './confinedNix.ts'
import { configWarnings, evaluate } from './evaluate.ts'
import { parseEvaluation, requestOf, type SetRequest } from './evaluation.ts'
import { setFault } from './evaluationFaults.ts'
import type { Derivations, EvaluationQuery, Evaluator, PackageSet } from './nix.ts'
import type { NixpkgsConfig } from './nixpkgsConfig.ts'
import { quote } from './quote.ts'
import type { Scratch } from './sandbox/privateFolder.ts'
import type { Sandbox } from './sandbox/sandbox.ts'
import type { WarmEvaluators } from './warmEvaluators.ts'

interface EvaluatorOptions {
  readonly sandbox: Sandbox
  readonly limits: EvaluationLimits
  readonly nixpkgs: Omit<NixpkgsConfig, 'config'>
  /** If there are any, they are asked first; what they cannot say is asked of a process of its own. */
  readonly warm?: WarmEvaluators
}

export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const { sandbox, limits, nixpkgs, warm } = options

  const setOf = ({ location, system }: PackageSet): SetRequest => ({
    path: location.path,
    system,
    allow: nixpkgs.allow,
  })
  const questionOf = (query: EvaluationQuery, guarded: boolean): Question => {
    const set = setOf(query)
    return { expression: 'evaluate.nix', set: set.path, request: requestOf(set, query.attributes, guarded) }
  }

  const ask: Ask = async (query, guarded, run) => {
    const question = questionOf(query, guarded)
    const { revision } = query
    const known =
      guarded && revision !== undefined
        ? await warm?.evaluate({ ...setOf(query), revision }, question.request, run)
        : undefined
    if (known !== undefined) return { evaluation: parseEvaluation(known) }
    return outcomeOf(await evaluateCold(question, options, run))
  }

  const askInStore =
    (scratch: Scratch): Ask =>
    async (query, guarded, run) =>
      outcomeOf(await evaluateInStore(questionOf(query, guarded), scratch, options, run))

  async function deriveInto(scratch: Scratch, query: EvaluationQuery, run: RunOptions): Promise<Derivations> {
    const inStore = { ask: askInStore(scratch), limits, nixpkgs }
    const packages = await evaluate(query, inStore, run)
    const cache = `file://${join(scratch.folder, 'cache')}`
    const args = ['copy', '--all', '--from', scratch.store, '--to', `${cache}?compression=none`]
    const copied = await runConfined(sandbox, 'nix', args, { scratch }, limits, run)
    if (copied.code !== 0)
      throw new NixFailed(`derivations cannot be handed over: ${quote(lastWords(copied))}`)
    return { packages, cache, release: () => scratch.remove() }
  }

  return {
    evaluate: (query, run) => evaluate(query, { ask, limits, nixpkgs }, run),
    async derive(query, run) {
      const scratch = await sandbox.createScratch()
      try {
        return await deriveInto(scratch, query, run)
      } catch (error) {
        await scratch.remove()
        throw error
      }
    },
    async inspect(query, run) {
      const outcome = await ask({ ...query, attributes: [] }, true, run)
      if ('failure' in outcome) throw setFault(outcome.failure, limits)
      return { warnings: configWarnings(nixpkgs, outcome.evaluation) }
    },
    outputs: (set, run, onProgress) => allOutputs(setOf(set), options, run, onProgress),
    walls: () => sandbox.walls(),
  }
}

import { randomUUID } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { allOutputs } from './allOutputs.ts'
import {
  evaluateCold,
  evaluateIn,
  outcomeOf,
  type Ask,
  type ColdOptions,
  type Question,
} from './coldEvaluation.ts'
import { lastWords, type NixOptions } from './command.ts'
import { runConfined } from './confinedNix.ts'
import { configWarnings, evaluate } from './evaluate.ts'
import { parseEvaluation, requestOf, setRequestOf, type SetRequest } from './evaluation.ts'
import { setFault } from './evaluationFaults.ts'
import { evaluateInMachineStore } from './machineStoreEvaluation.ts'
import type { EvaluationQuery, Evaluator, PackageSet } from './nix.ts'
import type { NixpkgsConfig } from './nixpkgsConfig.ts'
import { quote } from './quote.ts'
import type { Scratch } from './sandbox/privateFolder.ts'
import type { WarmEvaluators } from './warmEvaluators.ts'

interface EvaluatorOptions extends ColdOptions {
  readonly nixpkgs: Omit<NixpkgsConfig, 'config'>
  /** What trusted sets may read beside their own files, in the words of Nix' search path. */
  readonly alsoReadable: readonly string[]
  /** If there are any, they are asked first; what they cannot say is asked of a process of its own. */
  readonly warm?: WarmEvaluators
  /** If given, trusted sets are evaluated outside the sandbox, with the machine's store. */
  readonly machineStore?: NixOptions
}

export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const { sandbox, limits, nixpkgs, warm, inputs, machineStore } = options

  const setOf = ({ location, system }: PackageSet): SetRequest => ({
    path: location.path,
    system,
    allow: nixpkgs.allow,
  })
  const askedOf = ({ location, revision, system, trusted = false }: PackageSet) => ({
    set: location.path,
    // What is kept for a revision is kept for a system.
    ...(revision === undefined ? {} : { revision: `${revision} ${system}` }),
    trusted,
    alsoReadable: trusted ? options.alsoReadable : [],
  })
  const questionOf = (query: EvaluationQuery, guarded: boolean): Question => ({
    ...askedOf(query),
    expression: 'evaluate.nix',
    request: (known) => requestOf(setOf(query), query.attributes, guarded, known),
  })

  const ask: Ask = async (query, guarded, run) => {
    const question = questionOf(query, guarded)
    const { revision, trusted, alsoReadable } = question
    if (trusted && machineStore) {
      const expressions = await sandbox.expressions()
      return outcomeOf(await evaluateInMachineStore(expressions, question.request(), machineStore, run))
    }
    const isWarm = guarded && revision !== undefined && !(trusted && inputs?.has(revision))
    const known = isWarm
      ? await warm?.evaluate({ ...setOf(query), revision, alsoReadable }, question.request(), run)
      : undefined
    if (known !== undefined) return { evaluation: parseEvaluation(known) }
    return outcomeOf(await evaluateCold(question, options, run))
  }

  /** Writes the derivations that were evaluated in a store to a cache. @throws NixFailed */
  async function copy(from: Scratch, cache: string, derivations: readonly string[], run: RunOptions) {
    if (derivations.length === 0) return
    const ends = ['--from', from.store, '--to', `${cache}?compression=none`]
    const args = ['copy', '--derivation', ...ends, ...new Set(derivations)]
    const copied = await runConfined(sandbox, 'nix', args, { scratch: from }, limits, run)
    if (copied.code !== 0)
      throw new NixFailed(`derivations cannot be handed over: ${quote(lastWords(copied))}`)
  }

  return {
    evaluate: (query, run) => evaluate(query, { ask, limits, nixpkgs }, run),
    async derive(query, run) {
      const scratch = await sandbox.createScratch()
      try {
        const cache = join(scratch.folder, 'cache')
        const inStore: Ask = (asked, guarded, running) =>
          evaluateIn(
            questionOf(asked, guarded),
            scratch,
            async (outcome, used) => {
              const answer = outcomeOf(outcome)
              if (!('evaluation' in answer)) return answer
              const found = answer.evaluation.results.flatMap((one) =>
                one.kind === 'package' ? [one.package.drvPath] : [],
              )
              // A process may write where its store lies, which is elsewhere for a set that fetches.
              const copied = join(used.folder, `cache-${randomUUID()}`)
              await copy(used, `file://${copied}`, found, running)
              if (found.length > 0) await rename(copied, cache)
              return answer
            },
            options,
            running,
          )
        const packages = await evaluate(query, { ask: inStore, limits, nixpkgs }, run)
        return { packages, cache: `file://${cache}`, release: () => scratch.remove() }
      } catch (error) {
        await scratch.remove()
        throw error
      }
    },
    async inspect(query, run) {
      const outcome = await ask({ ...query, attributes: [] }, true, run)
      if ('failure' in outcome) throw setFault(outcome.failure, limits, query.trusted)
      return { warnings: configWarnings(nixpkgs, outcome.evaluation) }
    },
    outputs: (set, run, onProgress) => {
      const requestFor = setRequestOf.bind(undefined, setOf(set))
      return allOutputs({ ...askedOf(set), requestFor }, options, run, onProgress)
    },
    walls: () => sandbox.walls(),
  }
}

import { join } from 'node:path'
import { EvaluationFailed, NixFailed } from '../errors.ts'
import { OutputTooLarge } from '../process/failures.ts'
import type { RunOptions } from '../work/events.ts'
import { runConfined, type ConfinedOutcome, type EvaluationLimits } from './confinedNix.ts'
import { parseEvaluation, type Evaluation } from './evaluation.ts'
import type { InputStores, KnownInputs } from './inputStores.ts'
import type { EvaluationQuery } from './nix.ts'
import { refusedAddress } from './refusedAccess.ts'
import type { Scratch } from './sandbox/privateFolder.ts'
import type { Sandbox } from './sandbox/sandbox.ts'

type EvaluationOutcome = { readonly evaluation: Evaluation } | { readonly failure: ConfinedOutcome }

/**
 * One run of `evaluate.nix`. Unguarded, the first error of the set ends it, and Nix says what it was;
 * guarded, what Nix can catch becomes a finding `throws`. @throws EvaluationFailed, NixFailed
 */
export type Ask = (query: EvaluationQuery, guarded: boolean, run: RunOptions) => Promise<EvaluationOutcome>

export interface ColdOptions {
  readonly sandbox: Sandbox
  readonly limits: EvaluationLimits
  /** Without it, package sets fetch nothing. */
  readonly inputs?: InputStores
}

/** A file of the server's, a set that it may read, and what the file is asked. */
export interface Question {
  readonly expression: 'evaluate.nix' | 'allOutputs.nix'
  /** Path of the package set. */
  readonly set: string
  /** Identity of what the set is, if it has one. */
  readonly revision?: string
  readonly trusted: boolean
  /** What a trusted set may read beside its own files; see `Room.alsoReadable`. */
  readonly alsoReadable: readonly string[]
  /** As JSON. */
  readonly request: (inputs?: KnownInputs) => string
}

/** No store at all: derivations get their paths, and are written nowhere. */
const withoutStore = ['--readonly-mode', '--store', 'dummy://']

/** What Nix says if the set reads what it has written to the store. */
const needsStore = /^path '\/nix\/store\/.*' is not valid/

/**
 * Evaluates in a process of its own: without a store, or, if the set reads what it has put into one, again
 * with an empty store. @throws EvaluationFailed, NixFailed
 */
export async function evaluateCold(
  question: Question,
  options: ColdOptions,
  run: RunOptions,
): Promise<ConfinedOutcome> {
  if (fetches(question, options))
    return evaluateWithInputs(question, async (outcome) => outcome, options, run)
  const scratch = await options.sandbox.createScratch()
  try {
    const outcome = await evaluateFile(question, withoutStore, scratch, options, run)
    if (mayFetch(question, outcome, options))
      return await evaluateWithInputs(question, async (one) => one, options, run)
    const reads = outcome.code !== 0 && outcome.log.errors.some(({ text }) => needsStore.test(text))
    return reads ? await evaluateInStore(question, scratch, options, run) : outcome
  } finally {
    await scratch.remove()
  }
}

/**
 * Evaluates with a store, which has the derivations afterwards.
 * @param use gets the store that was used: it may be another than the one offered
 * @throws EvaluationFailed, NixFailed; of sets that fetch, as `InputStores.evaluate`
 */
export async function evaluateIn<T>(
  question: Question,
  scratch: Scratch,
  use: (outcome: ConfinedOutcome, scratch: Scratch) => Promise<T>,
  options: ColdOptions,
  run: RunOptions,
): Promise<T> {
  if (fetches(question, options)) return evaluateWithInputs(question, use, options, run)
  const outcome = await evaluateInStore(question, scratch, options, run)
  return mayFetch(question, outcome, options)
    ? evaluateWithInputs(question, use, options, run)
    : use(outcome, scratch)
}

function evaluateInStore(
  question: Question,
  scratch: Scratch,
  options: ColdOptions,
  run: RunOptions,
): Promise<ConfinedOutcome> {
  return evaluateFile(question, inStore(scratch), scratch, options, run)
}

function inStore({ store }: Scratch): readonly string[] {
  return ['--read-write-mode', '--store', store]
}

/** Whether it is known that the set fetches. */
function fetches({ trusted, revision }: Question, { inputs }: ColdOptions): boolean {
  return trusted && inputs?.has(revision) === true
}

/** Whether it stopped because it fetches. */
function mayFetch({ trusted }: Question, { code, log }: ConfinedOutcome, { inputs }: ColdOptions): boolean {
  return (
    trusted &&
    inputs !== undefined &&
    code !== 0 &&
    log.errors.some(({ text }) => refusedAddress(text) !== undefined)
  )
}

async function evaluateWithInputs<T>(
  question: Question,
  use: (outcome: ConfinedOutcome, scratch: Scratch) => Promise<T>,
  options: ColdOptions,
  run: RunOptions,
): Promise<T> {
  const { inputs } = options
  if (!inputs) throw new NixFailed('this evaluator fetches nothing')
  return inputs.evaluate(
    question.revision,
    (scratch, known, args) => {
      const withInputs = { ...question, request: () => question.request(known) }
      return evaluateFile(withInputs, [...inStore(scratch), ...args], scratch, options, run)
    },
    use,
    run,
  )
}

async function evaluateFile(
  { expression, set, alsoReadable, request }: Question,
  store: readonly string[],
  scratch: Scratch,
  { sandbox, limits }: ColdOptions,
  run: RunOptions,
): Promise<ConfinedOutcome> {
  const file = join(await sandbox.expressions(), expression)
  const args = ['--eval', '--strict', '--json', ...store, '--argstr', 'request', request(), file]
  try {
    return await runConfined(sandbox, 'nix-instantiate', args, { scratch, set, alsoReadable }, limits, run)
  } catch (error) {
    if (!(error instanceof NixFailed && error.cause instanceof OutputTooLarge)) throw error
    throw new EvaluationFailed('the package set answers with more text than an image can need', {
      cause: error,
    })
  }
}

/** @throws NixFailed if it makes no sense */
export function outcomeOf(outcome: ConfinedOutcome): EvaluationOutcome {
  return outcome.code === 0 ? { evaluation: parseEvaluation(outcome.stdout) } : { failure: outcome }
}

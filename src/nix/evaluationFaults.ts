import { EvaluationFailed, EvaluationRefused, PackageSetFailed, type NixeryError } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { lastWords } from './command.ts'
import { describeExcess, type ConfinedOutcome, type EvaluationLimits } from './confinedNix.ts'
import type { Ask } from './coldEvaluation.ts'
import type { EvaluationQuery } from './nix.ts'
import { quote } from './quote.ts'
import { adviceFor } from './refusedAccess.ts'

/** Nixpkgs' last words to a Nix that is too old: it names a version, or features, in a list. */
const tooOld =
  /requires (?:Nix >= [\d.]+|an implementation of Nix with the following features:[^]*?(?=You are|please|$))/

/** Nix caught what the set threw, but reports its words only when it is not caught. */
export async function findRefusal(
  query: EvaluationQuery,
  attribute: string,
  ask: Ask,
  limits: EvaluationLimits,
  run: RunOptions,
): Promise<EvaluationRefused | EvaluationFailed> {
  const outcome = await ask({ ...query, attributes: [attribute] }, false, run)
  if (!('failure' in outcome))
    return new EvaluationFailed(`package '${attribute}' can be evaluated only now and then`)
  const { failure } = outcome
  if (failure.excess) return overLimit(query, failure.excess, limits)
  const words = firstParagraph(failure)
  return new EvaluationRefused(attribute, words + adviceFor(words, query.trusted === true))
}

/** Nixpkgs' sentence comes first; what follows is advice for whoever edits the configuration. */
function firstParagraph(failure: ConfinedOutcome): string {
  const text = failure.log.errors.at(-1)?.text ?? lastWords(failure)
  // Advice is in paragraphs of its own, or in a list: `a) …`.
  const [paragraph = ''] = text.trim().split(/\n\s*\n|\n(?=[a-z]\) )/)
  return quote(paragraph)
}

/** Some errors cannot be caught by Nix and take all attributes down: looks for the one at fault. */
export async function findCulprit(
  query: EvaluationQuery,
  failure: ConfinedOutcome,
  ask: Ask,
  limits: EvaluationLimits,
  run: RunOptions,
): Promise<NixeryError> {
  // One attempt is enough of that.
  if (failure.excess) return overLimit(query, failure.excess, limits)
  const set = await ask({ ...query, attributes: [] }, true, run)
  if ('failure' in set) return setFault(set.failure, limits, query.trusted)
  for (const attribute of query.attributes) {
    const isOnly = query.attributes.length === 1
    const outcome = isOnly ? { failure } : await ask({ ...query, attributes: [attribute] }, true, run)
    if (!('failure' in outcome)) continue
    if (outcome.failure.excess) return overLimit({ attributes: [attribute] }, outcome.failure.excess, limits)
    const words = lastWords(outcome.failure)
    const advice = adviceFor(words, query.trusted === true)
    return new EvaluationFailed(`package '${attribute}' cannot be evaluated: ${quote(words)}${advice}`)
  }
  return new EvaluationFailed(quote(lastWords(failure)))
}

/** Why a set as a whole cannot be evaluated. */
export function setFault(
  failure: ConfinedOutcome,
  limits: EvaluationLimits,
  trusted = false,
): PackageSetFailed {
  const words = failure.log.errors.at(-1)?.text ?? lastWords(failure)
  const needs = tooOld.exec(words)?.[0]
  if (needs !== undefined) {
    return new PackageSetFailed(
      `the package set needs a newer Nix than this machine has: it ${quote(needs)}. ` +
        'Install a newer Nix, or choose an older package set.',
    )
  }
  const denied = /'([^']*)': Permission denied/.exec(words)?.[1]
  if (denied !== undefined) {
    return new PackageSetFailed(
      `the package set cannot be read: the user that evaluates it may not read ${quote(denied)}. ` +
        'Make the package set readable for all users: chmod -R go+rX.',
    )
  }
  const why = failure.excess ? `it ${describeExcess(failure.excess, limits)}` : quote(lastWords(failure))
  const advice = failure.excess ? '' : adviceFor(words, trusted)
  return new PackageSetFailed(`the package set cannot be evaluated: ${why}${advice}`)
}

function overLimit(
  { attributes }: Pick<EvaluationQuery, 'attributes'>,
  excess: NonNullable<ConfinedOutcome['excess']>,
  limits: EvaluationLimits,
): EvaluationFailed {
  return new EvaluationFailed(`the evaluation of ${attributes.join(', ')} ${describeExcess(excess, limits)}`)
}

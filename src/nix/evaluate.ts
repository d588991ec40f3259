import {
  AmbiguousPackage,
  EvaluationFailed,
  EvaluationRefused,
  PackagesNotFound,
  type MissingPackage,
} from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { lastWords, type NixOutcome } from './command.ts'
import { runEvaluation, type Evaluation, type EvaluationOptions, type Finding } from './evaluation.ts'
import { nearMissesAmong } from './nearMisses.ts'
import type { EvaluationQuery } from './nix.ts'
import type { Package } from '../store/package.ts'

/** See `Nix.evaluate`: one call when all goes well, further calls only to say what is wrong. */
export async function evaluate(
  query: EvaluationQuery,
  options: EvaluationOptions,
  run: RunOptions,
): Promise<readonly Package[]> {
  if (query.attributes.length === 0) return []
  const outcome = await runEvaluation(query, true, options, run)
  if ('failure' in outcome) throw await findCulprit(query, outcome.failure, options, run)

  const { evaluation } = outcome
  const missing = missingPackages(query, evaluation)
  if (missing.length > 0) throw new PackagesNotFound(missing)
  const packages: Package[] = []
  for (const [attribute, finding] of findingsOf(query.attributes, evaluation)) {
    if (finding.kind === 'ambiguous') {
      const choices = finding.choices.map((choice) => [...finding.resolved, choice].join('.'))
      throw new AmbiguousPackage(attribute, choices)
    }
    if (finding.kind === 'throws') throw await findRefusal(query, attribute, options, run)
    if (finding.kind === 'package') packages.push(toPackage(attribute, finding))
  }
  return packages
}

function findingsOf(
  attributes: readonly string[],
  { results }: Evaluation,
): readonly (readonly [attribute: string, finding: Finding])[] {
  if (results.length !== attributes.length) throw new RangeError('not one finding for each attribute')
  return results.map((finding, index) => [attributes[index] ?? '', finding])
}

function toPackage(
  attribute: string,
  { resolved, package: { name, version, drvPath, outputs, meta } }: Extract<Finding, { kind: 'package' }>,
): Package {
  return {
    attribute,
    resolved: resolved.join('.'),
    name,
    ...(version === '' ? {} : { version }),
    derivation: drvPath,
    outputs,
    meta: Object.fromEntries(Object.entries(meta).filter(([, text]) => text !== null)),
  }
}

function missingPackages(
  { attributes, otherNames = [] }: EvaluationQuery,
  evaluation: Evaluation,
): readonly MissingPackage[] {
  const closeTo = new Map(
    Object.entries(evaluation.levels).map(([level, names]) => [level, nearMissesAmong(names)]),
  )
  const closeToWhole = nearMissesAmong([...(evaluation.levels[''] ?? []), ...otherNames])
  return findingsOf(attributes, evaluation).flatMap(([attribute, finding]) => {
    if (finding.kind === 'other')
      return [{ attribute, nearMisses: [], reason: natureOf(attribute, finding.type) }]
    if (finding.kind !== 'missing') return []
    const [name = '', ...rest] = finding.rest
    const typed = attribute.split('.').slice(0, finding.resolved.length)
    const isWhole = typed.length === 0 && rest.length === 0
    const near = (isWhole ? closeToWhole : closeTo.get(finding.resolved.join('.')))?.(name) ?? []
    return [{ attribute, nearMisses: near.map((miss) => [...typed, miss, ...rest].join('.')) }]
  })
}

/** @param type as Nix' `typeOf` has it */
function natureOf(attribute: string, type: string): string {
  if (type === 'set') return `it is a set; name a package in it, as in ${attribute}.NAME`
  if (type === 'lambda') return 'it is a function'
  return `it is a value of type ${type}`
}

/** Nix caught what the set threw, but tells its words only when it is not caught. */
async function findRefusal(
  query: EvaluationQuery,
  attribute: string,
  options: EvaluationOptions,
  run: RunOptions,
): Promise<EvaluationRefused | EvaluationFailed> {
  const outcome = await runEvaluation({ ...query, attributes: [attribute] }, false, options, run)
  if (!('failure' in outcome))
    return new EvaluationFailed(`package '${attribute}' can be evaluated only now and then`)
  return new EvaluationRefused(attribute, firstParagraph(outcome.failure))
}

/** Nixpkgs' sentence comes first; what follows is advice for who edits the configuration. */
function firstParagraph(failure: NixOutcome): string {
  const text = failure.log.errors.at(-1)?.text ?? lastWords(failure)
  const [paragraph = ''] = text.trim().split(/\n\s*\n/)
  return paragraph.replace(/\s+/g, ' ')
}

/** Some errors cannot be caught by Nix and take all attributes down: looks for the one at fault. */
async function findCulprit(
  query: EvaluationQuery,
  failure: NixOutcome,
  options: EvaluationOptions,
  run: RunOptions,
): Promise<EvaluationFailed> {
  const set = await runEvaluation({ ...query, attributes: [] }, true, options, run)
  if ('failure' in set)
    return new EvaluationFailed(`the package set cannot be evaluated: ${lastWords(set.failure)}`)
  for (const attribute of query.attributes) {
    const outcome = await runEvaluation({ ...query, attributes: [attribute] }, true, options, run)
    if (!('failure' in outcome)) continue
    return new EvaluationFailed(`package '${attribute}' cannot be evaluated: ${lastWords(outcome.failure)}`)
  }
  return new EvaluationFailed(lastWords(failure))
}

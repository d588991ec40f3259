import { AmbiguousPackage, PackagesNotFound, type MissingPackage } from '../errors.ts'
import type { Package } from '../store/package.ts'
import type { RunOptions } from '../work/events.ts'
import type { Ask } from './coldEvaluation.ts'
import type { EvaluationLimits } from './confinedNix.ts'
import type { Evaluation, Finding } from './evaluation.ts'
import { findCulprit, findRefusal } from './evaluationFaults.ts'
import { nearMissesAmong } from './nearMisses.ts'
import type { NixpkgsConfig } from './nixpkgsConfig.ts'
import type { EvaluationQuery } from './nix.ts'

interface EvaluateOptions {
  readonly ask: Ask
  readonly limits: EvaluationLimits
  readonly nixpkgs: Pick<NixpkgsConfig, 'given' | 'unknown'>
}

/** See `Evaluator.evaluate`: one call if all goes well, further calls only to say what is wrong. */
export async function evaluate(
  query: EvaluationQuery,
  { ask, limits, nixpkgs }: EvaluateOptions,
  run: RunOptions,
): Promise<readonly Package[]> {
  if (query.attributes.length === 0) return []
  const outcome = await ask(query, true, run)
  if ('failure' in outcome) throw await findCulprit(query, outcome.failure, ask, limits, run)

  const { evaluation } = outcome
  const missing = missingPackages(query, evaluation)
  const isOptional = ({ attribute }: MissingPackage) => query.optional?.includes(attribute) === true
  const needed = missing.filter((one) => !isOptional(one))
  if (needed.length > 0) throw new PackagesNotFound(needed)
  const warn = (line: string) => run.onEvent({ kind: 'log', line })
  for (const { attribute } of missing)
    warn(`the package set has no '${attribute}': the image goes without it`)
  configWarnings(nixpkgs, evaluation).forEach(warn)
  const packages: Package[] = []
  for (const [attribute, finding] of findingsOf(query.attributes, evaluation)) {
    if (finding.kind === 'ambiguous') {
      const choices = finding.choices.map((choice) => [...finding.resolved, choice].join('.'))
      throw new AmbiguousPackage(attribute, choices)
    }
    if (finding.kind === 'throws') throw await findRefusal(query, attribute, ask, limits, run)
    if (finding.kind === 'package') packages.push(toPackage(attribute, finding))
  }
  return packages
}

/** What an operator should know of variables that a package set cannot see. */
export function configWarnings(
  { given, unknown }: Pick<NixpkgsConfig, 'given' | 'unknown'>,
  { takesConfig }: Pick<Evaluation, 'takesConfig'>,
): readonly string[] {
  const ignored = takesConfig ? [] : given
  return [
    ...(ignored.length === 0
      ? []
      : [
          `the package set takes no argument 'config', so these variables have no effect: ${ignored.join(', ')}`,
        ]),
    ...(unknown.length === 0
      ? []
      : [
          `package sets cannot read the environment, so these variables have no effect: ${unknown.join(', ')}`,
        ]),
  ]
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

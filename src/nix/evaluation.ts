import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { builderArgs, runNix, TARBALL_TTL, type NixOptions, type NixOutcome } from './command.ts'
import type { EvaluationQuery } from './nix.ts'
import { storePathSchema } from '../store/storePathSchema.ts'
import type { WarmEvaluators } from './warmEvaluators.ts'

const expression = fileURLToPath(new URL('./evaluate.nix', import.meta.url))

const resolved = z.array(z.string())
const optionalText = z.string().nullable()

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  drvPath: storePathSchema,
  outputs: z.array(z.object({ name: z.string(), path: storePathSchema })).nonempty(),
  meta: z.object({
    description: optionalText,
    homepage: optionalText,
    license: optionalText,
    mainProgram: optionalText,
  }),
})

const findingSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('package'), resolved, package: packageSchema }),
  z.object({ kind: z.literal('missing'), resolved, rest: resolved }),
  z.object({ kind: z.literal('ambiguous'), resolved, choices: resolved }),
  z.object({ kind: z.literal('other'), resolved, type: z.string() }),
  z.object({ kind: z.literal('throws'), resolved }),
])

const evaluationSchema = z.object({
  results: z.array(findingSchema),
  levels: z.record(z.string(), z.array(z.string())),
})

/**
 * What one attribute turned out to be. `resolved` are the components found so far, in the set's own spelling.
 */
export type Finding = z.infer<typeof findingSchema>

/** Findings in the order asked for, and the names at each level (`a.b`) where a look-up failed. */
export type Evaluation = z.infer<typeof evaluationSchema>

type EvaluationOutcome = { readonly evaluation: Evaluation } | { readonly failure: NixOutcome }

export interface EvaluationOptions extends NixOptions {
  /** Where they are, they are asked first; what they cannot say is asked of a process of its own. */
  readonly evaluators?: WarmEvaluators
}

/** What `evaluate.nix` is asked. */
function requestOf({ location, system, attributes }: EvaluationQuery, guarded: boolean): string {
  const paths = attributes.map((attribute) => attribute.split('.'))
  return JSON.stringify({ location, system, guarded, paths })
}

/**
 * One run of `evaluate.nix`. Unguarded, the first error of the set ends it, and Nix says what it was;
 * guarded, what Nix can catch becomes a finding `throws`.
 * @throws NixFailed
 */
export async function runEvaluation(
  query: EvaluationQuery,
  guarded: boolean,
  { evaluators, ...options }: EvaluationOptions,
  run: RunOptions,
): Promise<EvaluationOutcome> {
  const request = requestOf(query, guarded)
  const warm = guarded ? await evaluators?.evaluate(query, request, run) : undefined
  if (warm !== undefined) return { evaluation: parse(warm) }
  const modeArgs = ['--eval', '--strict', '--json', '--read-write-mode']
  const tarballArgs = ['--option', 'tarball-ttl', String(TARBALL_TTL)]
  const requestArgs = ['--argstr', 'request', request]
  const args = [...modeArgs, ...tarballArgs, ...builderArgs(options), ...requestArgs, expression]
  const outcome = await runNix('nix-instantiate', args, options, run)
  if (outcome.code !== 0) return { failure: outcome }
  return { evaluation: parse(outcome.stdout) }
}

function parse(json: string): Evaluation {
  try {
    return evaluationSchema.parse(JSON.parse(json))
  } catch (cause) {
    throw new NixFailed('what Nix made of the package set makes no sense', { cause })
  }
}

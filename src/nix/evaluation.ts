import { z } from 'zod'
import { NixFailed } from '../errors.ts'
import { storePathSchema } from '../store/storePathSchema.ts'
import type { System } from '../store/system.ts'
import type { KnownInputs } from './inputStores.ts'
import type { Permission } from './nixpkgsConfig.ts'
import { quote } from './quote.ts'

const resolved = z.array(z.string())
const text = z.string().transform(quote)
const optionalText = text.nullable()

const packageSchema = z.object({
  name: text,
  version: text,
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
  takesConfig: z.boolean(),
})

/**
 * What one attribute turned out to be. `resolved` are the components found so far, in the set's own spelling.
 */
export type Finding = z.infer<typeof findingSchema>

/** Findings in the order asked for, and the names at each level (`a.b`) where a look-up failed. */
export type Evaluation = z.infer<typeof evaluationSchema>

/** What `evaluate.nix` and `allOutputs.nix` are asked about. */
export interface SetRequest {
  /** Folder or file of the package set. */
  readonly path: string
  readonly system: System
  /** See `load.nix`. */
  readonly allow: readonly Permission[]
}

/** What `load.nix` is told. @param inputs of a set that fetches */
export function setRequestOf({ path, system, allow }: SetRequest, inputs?: KnownInputs): object {
  return { path, system, allow, ...(inputs ? { inputs } : {}) }
}

/**
 * What `evaluate.nix` is asked. Unguarded, the first error of the set ends it, and Nix says what it was;
 * guarded, what Nix can catch becomes a finding `throws`.
 */
export function requestOf(
  set: SetRequest,
  attributes: readonly string[],
  guarded: boolean,
  inputs?: KnownInputs,
): string {
  const paths = attributes.map((attribute) => attribute.split('.'))
  return JSON.stringify({ ...setRequestOf(set, inputs), guarded, paths })
}

/** @throws NixFailed if it is no answer of `evaluate.nix` */
export function parseEvaluation(json: string): Evaluation {
  try {
    return evaluationSchema.parse(JSON.parse(json))
  } catch (cause) {
    throw new NixFailed('what Nix made of the package set makes no sense', { cause })
  }
}

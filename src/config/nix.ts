import { delimiter, isAbsolute } from 'node:path'
import { z } from 'zod'
import { group } from './group.ts'
import { bytes, integer, list, text, week } from './rules.ts'

/** What package sets may use, and what is made of commits that anybody may have written. */
interface Evaluation {
  /** `store`: trusted revisions are evaluated outside the sandbox, with the machine's store. */
  readonly mode: 'sandbox' | 'store'
  /**
   * Entries of the search path of trusted revisions (`nixpkgs=/folder`), and other paths that they may read.
   */
  readonly searchPath: readonly string[]
  readonly allowedPaths: readonly string[]
  /** Beginnings of addresses that are fetched for trusted revisions. */
  readonly allowedUris: readonly string[]
  /** The variables that say so, as far as they change what a package set evaluates to. */
  readonly world: Readonly<Record<string, string>>
}

/** What is made for commits that are on no branch or tag of the source. */
type OtherCommits = 'substitute' | 'build' | 'none'

export interface Nix {
  /** Longest time in seconds for a single builder. */
  readonly timeout: number
  /** Processes at most that keep a package set evaluated. */
  readonly evaluators: number
  /** What one evaluation may use: bytes of memory, seconds of processor time. */
  readonly limits: { readonly memory: number; readonly seconds: number }
  readonly evaluation: Evaluation
  readonly otherCommits: OtherCommits
  /** The operator's own settings of Nix: lines as in `nix.conf`. */
  readonly settings: string | undefined
}

/** Nix takes addresses and channels too. The server fetches nothing for them. */
const searchPath = z.string().transform((value) => {
  const entries = value.split(delimiter).filter(Boolean)
  return entries.filter((entry) => isAbsolute(entry.replace(/^[^/=]*=/, '')))
})

const absolutePaths = list.refine((paths) => paths.every(isAbsolute), 'must be a list of absolute paths')

export const nix = group({
  variables: {
    NIX_PATH: searchPath.default([]),
    NIXERY_ALLOWED_PATHS: absolutePaths.default([]),
    NIXERY_ALLOWED_URIS: list.default(['https://']),
    NIXERY_EVALUATION: z.enum(['sandbox', 'store'], "must be 'sandbox' or 'store'").default('sandbox'),
    NIXERY_COMMITS: z
      .enum(['substitute', 'build', 'none'], "must be 'substitute', 'build' or 'none'")
      .default('substitute'),
    NIX_CONFIG: text.optional(),
    NIX_TIMEOUT: integer(1, week).default(60),
    NIXERY_EVALUATORS: integer(0, 64).default(1),
    // Nixpkgs of 2026 needs half a second and 300 MB for a package.
    NIXERY_EVALUATION_MEMORY: bytes.prefault('4G'),
    NIXERY_EVALUATION_TIME: integer(1, week).default(120),
  },
  value: (variables): Nix => ({
    timeout: variables.NIX_TIMEOUT,
    evaluators: variables.NIXERY_EVALUATORS,
    limits: { memory: variables.NIXERY_EVALUATION_MEMORY, seconds: variables.NIXERY_EVALUATION_TIME },
    evaluation: {
      mode: variables.NIXERY_EVALUATION,
      searchPath: variables.NIX_PATH,
      allowedPaths: variables.NIXERY_ALLOWED_PATHS,
      allowedUris: variables.NIXERY_ALLOWED_URIS,
      world: {
        ...(variables.NIX_PATH.length > 0 ? { NIX_PATH: variables.NIX_PATH.join(delimiter) } : {}),
        ...(variables.NIXERY_EVALUATION === 'store' ? { NIXERY_EVALUATION: 'store' } : {}),
      },
    },
    otherCommits: variables.NIXERY_COMMITS,
    settings: variables.NIX_CONFIG,
  }),
})

export const nixpkgsEnvironment = group({
  variables: {},
  value: (_, given): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(given).filter(([name]) => name.startsWith('NIXPKGS_'))),
})

export const storeGc = group({
  variables: {
    NIXERY_STORE_GC: z
      .string()
      .regex(/^[1-9]\d?%?$/, 'must be a percentage from 1 to 99')
      .transform((value) => Number.parseInt(value, 10))
      .optional(),
  },
  value: ({ NIXERY_STORE_GC: percent }) => percent,
})

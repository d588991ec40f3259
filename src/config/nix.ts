import { z } from 'zod'
import { group } from './group.ts'
import { bytes, integer, text, week } from './rules.ts'

export interface Nix {
  /** Longest time in seconds for a single builder. */
  readonly timeout: number
  /** Processes at most that keep a package set evaluated. */
  readonly evaluators: number
  /** What one evaluation may use: bytes of memory, seconds of processor time. */
  readonly limits: { readonly memory: number; readonly seconds: number }
  /** The operator's own settings of Nix: lines as in `nix.conf`. */
  readonly settings: string | undefined
}

export const nix = group({
  variables: {
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

import { z } from 'zod'
import { group } from './group.ts'
import { integer, text, week } from './rules.ts'

export interface Nix {
  /** Longest time in seconds for a single builder. */
  readonly timeout: number
  /** Processes at most that keep a package set evaluated. */
  readonly evaluators: number
  /** The operator's own settings of Nix: lines as in `nix.conf`. */
  readonly settings: string | undefined
}

export const nix = group({
  variables: {
    NIX_CONFIG: text.optional(),
    NIX_TIMEOUT: integer(1, week).default(60),
    NIXERY_EVALUATORS: integer(0, 64).default(1),
  },
  value: ({ NIX_CONFIG: settings, NIX_TIMEOUT: timeout, NIXERY_EVALUATORS: evaluators }): Nix => ({
    timeout,
    evaluators,
    settings,
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

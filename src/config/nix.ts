import { z } from 'zod'
import { group } from './group.ts'
import { integer, week } from './rules.ts'

export interface Nix {
  /** Longest time in seconds for a single builder. */
  readonly timeout: number
  /** Processes at most that keep a package set evaluated. */
  readonly evaluators: number
}

export const nix = group({
  variables: {
    NIX_TIMEOUT: integer(1, week).default(60),
    NIXERY_EVALUATORS: integer(0, 64).default(1),
  },
  value: ({ NIX_TIMEOUT: timeout, NIXERY_EVALUATORS: evaluators }): Nix => ({ timeout, evaluators }),
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

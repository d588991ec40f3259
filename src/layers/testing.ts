import fc from 'fast-check'
import type { StorePath } from '../store/storePath.ts'
import type { Closure, ClosureNode, LayerPlan, SharedData } from './plan.ts'

export const noData: SharedData = { popularity: new Map(), forest: new Map(), needed: new Map() }

/** `a` is `/nix/store/a000…0-a`: the names' order is the paths' order. */
export function pathOf(name: string): StorePath {
  return `/nix/store/${name.charAt(0).padEnd(32, '0')}-${name}` as StorePath // legible, if not Nix' alphabet
}

/** `{ a: [10, 'b'] }` is a path `a` of 10 bytes that refers to `b`. */
export type Drawing = Readonly<Record<string, readonly [size: number, ...references: string[]]>>

export function nodesFrom(drawing: Drawing): readonly ClosureNode[] {
  return Object.entries(drawing).map(([name, [size, ...references]]) => ({
    path: pathOf(name),
    size,
    references: references.map(pathOf),
  }))
}

export function closureFrom(drawing: Drawing, roots: readonly string[] = []): Closure {
  return { roots: roots.map(pathOf), nodes: nodesFrom(drawing) }
}

/** `['a c', 'b']`: the names in each layer. */
export function namesIn(plan: readonly LayerPlan[]): string[] {
  return plan.map(({ storePaths }) => storePaths.map((path) => path.slice(44)).join(' '))
}

const letters = 'abcdefghijklmnopqrstuvwxyz'.split('')
const megabyte = 1_000_000

/** A package set without circles: each package may refer to those behind it in the alphabet. */
export const anyPackageSet: fc.Arbitrary<Drawing> = fc
  .array(
    fc.tuple(
      fc.constantFrom(1, megabyte, 5 * megabyte, 60 * megabyte),
      fc.uniqueArray(fc.nat(24), { maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 26 },
  )
  .map((rows) =>
    Object.fromEntries(
      rows.map(([size, ahead], i) => {
        const targets = ahead.map((step) => i + 1 + step).filter((target) => target < rows.length)
        return [letters[i] ?? '', [size, ...targets.map((target) => letters[target] ?? '')] as const]
      }),
    ),
  )

/** What some packages of a set need: an image. */
export function closureIn(drawing: Drawing, roots: readonly string[]): Closure {
  const reached = new Set(roots)
  // A Set is iterated in the order of insertion, what is added meanwhile included.
  for (const name of reached)
    for (const reference of drawing[name]?.slice(1) ?? []) reached.add(String(reference))
  const within = Object.entries(drawing).filter(([name]) => reached.has(name))
  return closureFrom(Object.fromEntries(within), roots)
}

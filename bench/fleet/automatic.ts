import type { Closure, ClosureNode } from '../../src/layers/plan.ts'
import type { StorePath } from '../../src/store/storePath.ts'

/**
 * Most bytes that a fleet may download by tables that servers make, as a multiple of what it downloads by a
 * table of the whole set that was made by hand: for the revision that a table was made of, and for the next
 * one, whose table may be of the first day.
 */
export const floors = { first: 1.05, second: 1.1 } as const

/** Added to a seed: what another fleet asks for. */
export const otherFleet = 1000

/** What servers have seen of a package set after these images: the paths of all of them. */
export function seenIn(closures: readonly Closure[]): readonly ClosureNode[] {
  const seen = new Map<StorePath, ClosureNode>()
  for (const { nodes } of closures) for (const node of nodes) seen.set(node.path, node)
  return [...seen.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** A row of a table: a name and measurements. */
export type Row = readonly [string, ...number[]]

/** What is above its floor, for people. @param rows the first is what the others are compared with */
export function aboveFloor(rows: readonly Row[], floor: number): readonly string[] {
  const [[, ...byHand] = [''], ...others] = rows
  return others.flatMap(([name, ...figures]) =>
    figures.flatMap((figure, column) => {
      const ratio = figure / (byHand[column] ?? figure)
      return ratio <= floor ? [] : [`${name}: ${ratio.toFixed(3)} x in column ${column + 1}, not ${floor} x`]
    }),
  )
}

/** Whether all are within the floor. Prints what is not. */
export function isWithin(floor: number, rows: readonly Row[]): boolean {
  const faults = aboveFloor(rows, floor)
  for (const fault of faults) process.stderr.write(`above its floor: ${fault}\n`)
  return faults.length === 0
}

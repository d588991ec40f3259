import { forestFor, type LayerTable } from './layerTable.ts'
import type { Popularity, SharedData } from './plan.ts'

/**
 * What images of at most `budget` layers are planned with. Without a table, there is nothing but the counts.
 * @param counts of the operator. They are used instead of those of the table
 */
export function sharedDataFor(
  budget: number,
  table: LayerTable | undefined,
  counts: Popularity | undefined,
): SharedData {
  return {
    popularity: counts ?? table?.popularity ?? new Map(),
    forest: table ? forestFor(table, budget) : new Map(),
    needed: table?.sharing.needed ?? new Map(),
  }
}

import { baseName } from '../store/storePath.ts'
import type { LayerPlan } from '../layers/plan.ts'
import { alignTable } from './table.ts'

/** The columns from `layer` to `paths`. */
const numbers = new Set([0, 1, 2, 3])

/**
 * The plan as JSON, one layer per line, in the order of the plan: `[{"contents":[…store
 * paths],"size":…,"mergeRating":…}]`.
 */
export function planAsJson(plan: readonly LayerPlan[]): string {
  const layers = plan.map(({ storePaths, size, rating }) =>
    JSON.stringify({ contents: storePaths, size, mergeRating: rating }),
  )
  return `[${layers.length === 0 ? '' : `\n${layers.join(',\n')}\n`}]\n`
}

/**
 * The plan as a table: for each layer its rating, size, number of paths, the reason for it and its main path.
 */
export function planAsTable(plan: readonly LayerPlan[]): string {
  const rows = plan.map(({ storePaths, size, rating, head, reason }, index) => [
    String(index + 1),
    rating.toExponential(2),
    (size / 1e6).toFixed(1),
    String(storePaths.length),
    reason,
    baseName(head),
  ])
  return `${alignTable([['layer', 'rating', 'MB', 'paths', 'why', 'headed by'], ...rows], numbers)}\n`
}

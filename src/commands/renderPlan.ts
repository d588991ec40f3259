import { baseName } from '../store/storePath.ts'
import type { LayerPlan } from '../layers/plan.ts'
import { alignTable } from './table.ts'

/** The columns from `layer` to `paths`. */
const numbers = new Set([0, 1, 2, 3])

/** `[{"contents":[…store paths],"size":…,"mergeRating":…}]`, a layer per line, in the order of the plan. */
export function planAsJson(plan: readonly LayerPlan[]): string {
  const layers = plan.map(({ storePaths, size, rating }) =>
    JSON.stringify({ contents: storePaths, size, mergeRating: rating }),
  )
  return `[${layers.length === 0 ? '' : `\n${layers.join(',\n')}\n`}]\n`
}

/** A table for people: which path heads each layer, why it is a layer, how much is in it. */
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

import { baseName } from '../store/storePath.ts'
import type { LayerPlan } from '../layers/plan.ts'

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
  return table([['layer', 'rating', 'MB', 'paths', 'why', 'headed by'], ...rows], leftAligned)
}

const leftAligned = new Set([4, 5])

function table(rows: readonly (readonly string[])[], left: ReadonlySet<number>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        left.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

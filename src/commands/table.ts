/**
 * Rows as lines, with columns as wide as their widest cell. Every row has a cell for each column of the first
 * one.
 * @param numbers columns whose cells are aligned to the right, counted from 0
 * @returns the lines, without a line break at the end
 */
export function alignTable(rows: readonly (readonly string[])[], numbers: ReadonlySet<number>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const pad = (cell: string, column: number) => {
    const width = widths[column] ?? 0
    return numbers.has(column) ? cell.padStart(width) : cell.padEnd(width)
  }
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** Prints a table in Markdown. */
export function print(
  title: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const text = (cell: string | number) => (typeof cell === 'string' ? cell : cell.toFixed(cell < 10 ? 2 : 1))
  const lines = [head, head.map(() => '---'), ...rows.map((row) => row.map(text))]
  process.stdout.write(`\n${title}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('')}`)
}

import type { ModuleRule } from './importTable.ts'

const begin = '<!-- import table -->'
const end = '<!-- end of import table -->'

/**
 * The page with the table of who may import whom between its two marks, as the rules have it.
 * @param foundation modules that most others may import: they are named by one word
 * @throws Error if the page lacks a mark
 */
export function withImportTable(
  page: string,
  table: Readonly<Record<string, ModuleRule>>,
  foundation: readonly string[],
): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page needs '${begin}' and '${end}'`)
  const rows = Object.entries(table).map(([name, rule]) => [
    `\`${name}\``,
    rule.is,
    importsOf(rule, foundation, Object.keys(table).length),
  ])
  const lines = alignedRows([['room', 'what it is', 'may import'], ...rows])
  return `${page.slice(0, from)}${begin}\n\n${lines}\n\n${page.slice(to)}`
}

function importsOf({ values, types }: ModuleRule, foundation: readonly string[], all: number): string {
  const hasFoundation = foundation.every((name) => values.includes(name))
  const others = values.filter((name) => !hasFoundation || !foundation.includes(name))
  const named = others.map((name) => `\`${name}\``)
  const parts = [...(hasFoundation ? ['the foundation'] : []), ...named]
  if (types !== undefined) parts.push(types.length > all / 2 ? 'types of all' : `types of ${types.map((name) => `\`${name}\``).join(', ')}`)
  return parts.join(', ')
}

/** As prettier writes tables. */
function alignedRows(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join('\n')
}

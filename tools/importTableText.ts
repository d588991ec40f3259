import type { ModuleRule } from './importTable.ts'

const begin = '<!-- import table -->'
const end = '<!-- end of import table -->'

/** Modules that are named by one word where all of them may be imported. */
export interface ModuleGroup {
  readonly name: string
  readonly modules: readonly string[]
}

/**
 * The page with the table of who may import whom between its two marks, as the rules have it.
 * @throws Error if the page lacks a mark
 */
export function withImportTable(
  page: string,
  table: Readonly<Record<string, ModuleRule>>,
  groups: readonly ModuleGroup[],
): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page needs '${begin}' and '${end}'`)
  const rows = Object.entries(table).map(([name, rule]) => [
    `\`${name}\``,
    rule.is,
    importsOf(rule, groups, Object.keys(table).length),
  ])
  const lines = alignedRows([['room', 'what it is', 'may import'], ...rows])
  return `${page.slice(0, from)}${begin}\n\n${lines}\n\n${page.slice(to)}`
}

function importsOf({ values, types }: ModuleRule, groups: readonly ModuleGroup[], all: number): string {
  const whole = groups.filter(({ modules }) => modules.every((name) => values.includes(name)))
  const grouped = new Set(whole.flatMap(({ modules }) => modules))
  const others = values.filter((name) => !grouped.has(name)).map((name) => `\`${name}\``)
  const parts = [...whole.map(({ name }) => name), ...others]
  if (types === undefined) return parts.join(', ')
  const named = types.length > all / 2 ? 'all' : types.map((name) => `\`${name}\``).join(', ')
  return [...parts, `types of ${named}`].join(', ')
}

/** As prettier writes tables. */
function alignedRows(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)].join(
    '\n',
  )
}

import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** One line of a table: columns by their titles, which name the units. */
export type Row = Readonly<Record<string, string | number>>

export interface Section {
  readonly title: string
  /** How it was measured. */
  readonly note: string
  readonly rows: readonly Row[]
}

export interface Report {
  readonly machine: Row
  readonly sections: readonly Section[]
}

export function machine(quick: boolean): Record<string, string | number> {
  return {
    date: new Date().toISOString().slice(0, 10),
    run: quick ? 'quick' : 'full',
    system: /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform,
    processor: cpus()[0]?.model ?? process.arch,
    cores: availableParallelism(),
    'memory GB': totalmem() / 1e9,
    node: process.version,
    'load before': loadavg()[0] ?? 0,
  }
}

/** Markdown. */
export function asTables({ machine, sections }: Report): string {
  const tables = sections.map(({ title, note, rows }) => `## ${title}\n\n${note}\n\n${table(rows)}`)
  return [
    Object.entries(machine)
      .map(([name, value]) => `${name}: ${shown(value)}`)
      .join(' · '),
    ...tables,
  ].join('\n\n')
}

function table(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const lines = [columns, ...rows.map((row) => columns.map((column) => shown(row[column] ?? '')))]
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)))
  const rendered = lines.map(
    (line) => `| ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`,
  )
  const ruler = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [rendered[0], ruler, ...rendered.slice(1)].join('\n')
}

/** Three digits say all that such a measurement knows. */
function shown(value: string | number): string {
  if (typeof value === 'string') return value
  if (Number.isInteger(value)) return String(value)
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

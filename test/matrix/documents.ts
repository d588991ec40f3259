import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'

/** A table as Markdown has it. */
export function table(titles: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [row(titles), row(titles.map(() => '---')), ...lines.map(row)].join('\n')
}

/** Text as it was printed. */
export function block(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``
}

/** Writes a page of `docs/`, formatted as the project's other pages. */
export async function writePage(name: string, markdown: string): Promise<void> {
  const path = join(import.meta.dirname, '../../docs', name)
  const options = await resolveConfig(path)
  await writeFile(path, await format(markdown, { ...options, filepath: path }))
}

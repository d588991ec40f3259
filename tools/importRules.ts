import type { ModuleRule } from './importTable.ts'
import type { Import } from './readImports.ts'
import { isTestFile } from './testFiles.ts'

/** The module that a file belongs to; undefined outside of `src` and for files of tests. */
function moduleOf(file: string): string | undefined {
  if (isTestFile(file)) return undefined
  return /^src\/([^/]+?)(?:\.ts|\/.*)$/.exec(file)?.[1]
}

/** Each import of `src` that the table does not allow, as a sentence. */
export function forbiddenImports(
  imports: readonly Import[],
  table: Readonly<Record<string, ModuleRule>>,
): string[] {
  const faults: string[] = []
  for (const { from, to, line, typeOnly } of imports) {
    const importer = moduleOf(from)
    if (importer === undefined) continue
    const place = `${from}:${line}`
    const imported = moduleOf(to)
    if (imported === undefined) {
      faults.push(`${place} imports ${to}, which is for tests or outside of src`)
      continue
    }
    if (imported === importer) continue
    const rule = table[importer]
    if (rule === undefined) faults.push(`${place}: ${importer} is not in the import table`)
    else if (rule.values.includes(imported)) continue
    else if (rule.types?.includes(imported) !== true)
      faults.push(`${place}: ${importer} may not import ${imported}`)
    else if (!typeOnly) faults.push(`${place}: ${importer} may import only types of ${imported}`)
  }
  return faults
}

/** Files of `src` that are in no module of the table, as sentences. */
export function unknownModules(
  files: readonly string[],
  table: Readonly<Record<string, ModuleRule>>,
): string[] {
  const modules = new Set(files.map(moduleOf).filter((name) => name !== undefined))
  return [...modules]
    .filter((name) => table[name] === undefined)
    .map((name) => `${name} is not in the import table`)
}

/** Each circle of files, types included, as a sentence; a circle is told once. */
export function circles(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>()
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to])
  const faults: string[] = []
  const done = new Set<string>()
  const walk = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file)
    if (start >= 0) faults.push(`circle: ${[...trail.slice(start), file].join(' -> ')}`)
    if (start >= 0 || done.has(file)) return
    for (const target of targets.get(file) ?? []) walk(target, [...trail, file])
    done.add(file)
  }
  for (const file of targets.keys()) walk(file, [])
  return faults
}

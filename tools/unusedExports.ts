import type { Export } from './readExports.ts'
import type { Import } from './readImports.ts'
import { isTestFile } from './testFiles.ts'

/**
 * Each name that a file of `src` exports and that no other file imports, or only tests do, as a sentence.
 * What tests share may be for tests alone; so may what says why: `@internal` and a reason in its comment.
 */
export function unusedExports(exports: readonly Export[], imports: readonly Import[]): string[] {
  const uses = usesOf(imports)
  return exports.flatMap(({ file, name, line, internal }) => {
    if (!file.startsWith('src/')) return []
    const importers = [...(uses.get(`${file} ${name}`) ?? []), ...(uses.get(`${file} *`) ?? [])]
    const place = `${file}:${line}`
    if (importers.length === 0) return [`${place}: nobody imports ${name}: do not export it`]
    if (isTestFile(file)) return []
    const isForTests = importers.every(isForTesting)
    if (isForTests && internal === undefined) {
      return [`${place}: only tests import ${name}: move it to a testing file, or say why after @internal`]
    }
    if (isForTests && internal === '') return [`${place}: @internal of ${name} lacks a reason`]
    if (!isForTests && internal !== undefined) return [`${place}: ${name} is not @internal: ${importers[0]}`]
    return []
  })
}

/** Who imports what: the importing files by `<file> <name>`, or `<file> *` if it may be any name. */
function usesOf(imports: readonly Import[]): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, string[]>()
  for (const { from, to, names = ['*'] } of imports) {
    for (const name of names) {
      const key = `${to} ${name}`
      uses.set(key, [...(uses.get(key) ?? []), from])
    }
  }
  return uses
}

function isForTesting(file: string): boolean {
  return isTestFile(file) || file.startsWith('test/')
}

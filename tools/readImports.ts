import { relative, resolve, dirname } from 'node:path'
import { API } from 'typescript/unstable/sync'
import {
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNamedExports,
  isNamedImports,
  isStringLiteral,
  SyntaxKind,
  type Node,
} from 'typescript/unstable/ast'

/** One import of one file by another. Paths are relative to the root of the project. */
export interface Import {
  readonly from: string
  readonly to: string
  /** 1-based. */
  readonly line: number
  /** Nothing of it is left when the program runs. */
  readonly typeOnly: boolean
}

/**
 * Every import of a relative path (static, dynamic, re-exported, in a type) in the project's files, as the
 * compiler reads them.
 * @param config path of the project's `tsconfig.json`
 */
export function readImports(config: string): { files: string[]; imports: Import[] } {
  const path = resolve(config)
  const root = dirname(path)
  const api = new API({ cwd: root })
  try {
    const project = api.updateSnapshot({ openProjects: [path] }).getProject(path)
    if (project === undefined) throw new Error(`the compiler does not open ${path}`)
    const imports: Import[] = []
    for (const file of project.rootFiles) {
      const source = project.program.getSourceFile(file)
      if (source === undefined) throw new Error(`the compiler does not open ${file}`)
      for (const specifier of source.imports) {
        if (!isStringLiteral(specifier) || !specifier.text.startsWith('.')) continue
        imports.push({
          from: relative(root, file),
          to: relative(root, resolve(dirname(file), specifier.text)),
          line: source.getLineAndCharacterOfPosition(specifier.end).line + 1,
          typeOnly: isTypeOnly(specifier.parent),
        })
      }
    }
    return { files: project.rootFiles.map((file) => relative(root, file)), imports }
  } finally {
    api.close()
  }
}

/** `import { type A }` counts as a type alone too: the module may still be loaded, but nothing of it is used. */
function isTypeOnly(statement: Node): boolean {
  if (isLiteralTypeNode(statement)) return isImportTypeNode(statement.parent)
  if (isImportDeclaration(statement)) {
    const clause = statement.importClause
    if (clause === undefined) return false
    if (clause.phaseModifier === SyntaxKind.TypeKeyword) return true
    if (clause.name !== undefined || clause.namedBindings === undefined) return false
    return (
      isNamedImports(clause.namedBindings) && clause.namedBindings.elements.every((one) => one.isTypeOnly)
    )
  }
  if (isExportDeclaration(statement)) {
    const { exportClause, isTypeOnly: typeOnly } = statement
    if (typeOnly || exportClause === undefined || !isNamedExports(exportClause)) return typeOnly
    return exportClause.elements.every((one) => one.isTypeOnly)
  }
  return false
}

import { dirname, join } from 'node:path'
import {
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNamedExports,
  isNamedImports,
  isStringLiteral,
  SyntaxKind,
  type Node,
} from 'typescript/unstable/ast'
import type { Source } from './readSources.ts'

/** One import of one file by another. Paths are relative to the root of the project. */
export interface Import {
  readonly from: string
  readonly to: string
  /** 1-based. */
  readonly line: number
  /** Nothing of it is left when the program runs. */
  readonly typeOnly: boolean
  /**
   * The names under which the imported file exports what is imported; undefined if that may be any of them.
   */
  readonly names?: readonly string[]
}

/** Every import of a relative path in a file: static, dynamic, re-exported, in a type. */
export function importsOf({ file, tree, lineOf }: Source): readonly Import[] {
  return tree.imports.flatMap((specifier) => {
    if (!isStringLiteral(specifier) || !specifier.text.startsWith('.')) return []
    const names = namesIn(specifier.parent)
    return {
      from: file,
      to: join(dirname(file), specifier.text),
      line: lineOf(specifier.end),
      typeOnly: isTypeOnly(specifier.parent),
      ...(names ? { names } : {}),
    }
  })
}

function namesIn(statement: Node): readonly string[] | undefined {
  if (isImportDeclaration(statement)) {
    const clause = statement.importClause
    if (clause === undefined) return []
    const inClause = clause.name === undefined ? [] : ['default']
    const { namedBindings } = clause
    if (namedBindings === undefined) return inClause
    if (!isNamedImports(namedBindings)) return undefined
    return [...inClause, ...namedBindings.elements.map((one) => (one.propertyName ?? one.name).text)]
  }
  if (isExportDeclaration(statement)) {
    const { exportClause } = statement
    if (exportClause === undefined || !isNamedExports(exportClause)) return undefined
    return exportClause.elements.map((one) => (one.propertyName ?? one.name).text)
  }
  if (isLiteralTypeNode(statement) && isImportTypeNode(statement.parent)) {
    const { qualifier } = statement.parent
    return qualifier !== undefined && isIdentifier(qualifier) ? [qualifier.text] : undefined
  }
  return undefined
}

/**
 * `import { type A }` counts as a type alone too: the module may still be loaded, but nothing of it is used.
 */
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

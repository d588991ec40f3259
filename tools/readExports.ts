import {
  isClassDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isNamedExports,
  isTypeAliasDeclaration,
  isVariableStatement,
  SyntaxKind,
  type Node,
} from 'typescript/unstable/ast'
import type { Source } from './readSources.ts'

/** One name that a file exports. */
export interface Export {
  /** Relative to the root of the project. */
  readonly file: string
  readonly name: string
  /** 1-based. */
  readonly line: number
  /** What follows `@internal` in its comment: why only tests import it. */
  readonly internal?: string
}

/** Every name that a file exports, re-exported ones included. */
export function exportsOf({ file, tree, lineOf }: Source): readonly Export[] {
  return tree.statements.flatMap((statement) => {
    const internal = internalReason(tree.text.slice(statement.pos, statement.getStart(tree)))
    const line = lineOf(statement.getStart(tree))
    return namesOf(statement).map((name) => ({
      file,
      name,
      line,
      ...(internal === undefined ? {} : { internal }),
    }))
  })
}

function namesOf(statement: Node): readonly string[] {
  if (isExportAssignment(statement)) return ['default']
  if (isExportDeclaration(statement)) {
    const { exportClause } = statement
    return exportClause !== undefined && isNamedExports(exportClause)
      ? exportClause.elements.map((one) => one.name.text)
      : []
  }
  if (isVariableStatement(statement)) {
    if (!isExported(statement)) return []
    return statement.declarationList.declarations.flatMap(({ name }) => (isIdentifier(name) ? name.text : []))
  }
  if (
    isFunctionDeclaration(statement) ||
    isClassDeclaration(statement) ||
    isInterfaceDeclaration(statement) ||
    isTypeAliasDeclaration(statement)
  ) {
    if (!isExported(statement)) return []
    if (has(statement, SyntaxKind.DefaultKeyword)) return ['default']
    return statement.name === undefined ? [] : [statement.name.text]
  }
  return []
}

interface Modified {
  readonly modifiers?: Iterable<Node>
}

function isExported(statement: Modified): boolean {
  return has(statement, SyntaxKind.ExportKeyword)
}

function has({ modifiers = [] }: Modified, kind: SyntaxKind): boolean {
  return [...modifiers].some((modifier) => modifier.kind === kind)
}

/** @param comments what stands before a declaration */
function internalReason(comments: string): string | undefined {
  return /@internal\b[ \t]*([^\n*]*)/.exec(comments)?.[1]?.trim()
}

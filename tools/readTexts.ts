import {
  isLiteralTypeNode,
  isNoSubstitutionTemplateLiteral,
  isStringLiteral,
  isTemplateHead,
  type Node,
} from 'typescript/unstable/ast'
import type { Source } from './readSources.ts'

/** A text in the code: a string, or the beginning of a template. */
export interface CodeText {
  /** Relative to the root of the project. */
  readonly file: string
  /** 1-based. */
  readonly line: number
  readonly text: string
}

/** Every string and every beginning of a template in a file. */
export function textsOf({ file, tree, lineOf }: Source): readonly CodeText[] {
  const texts: CodeText[] = []
  const visit = (node: Node): void => {
    if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) || isTemplateHead(node)) {
      texts.push({ file, line: lineOf(node.end), text: node.text })
    }
    // A type names members, not values.
    if (!isLiteralTypeNode(node)) node.forEachChild(visit)
  }
  visit(tree)
  return texts
}

import { dirname, relative, resolve } from 'node:path'
import { API } from 'typescript/unstable/sync'
import {
  isLiteralTypeNode,
  isNoSubstitutionTemplateLiteral,
  isStringLiteral,
  isTemplateHead,
  type Node,
} from 'typescript/unstable/ast'

/** A text in the code: a string, or the beginning of a template. */
export interface CodeText {
  /** Relative to the root of the project. */
  readonly file: string
  /** 1-based. */
  readonly line: number
  readonly text: string
}

/**
 * Every string and every beginning of a template in the project's files, as the compiler reads them.
 * @param config path of the project's `tsconfig.json`
 */
export function readTexts(config: string): readonly CodeText[] {
  const path = resolve(config)
  const root = dirname(path)
  const api = new API({ cwd: root })
  try {
    const project = api.updateSnapshot({ openProjects: [path] }).getProject(path)
    if (project === undefined) throw new Error(`the compiler does not open ${path}`)
    const texts: CodeText[] = []
    for (const file of project.rootFiles) {
      const source = project.program.getSourceFile(file)
      if (source === undefined) throw new Error(`the compiler does not open ${file}`)
      const visit = (node: Node): void => {
        if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) || isTemplateHead(node)) {
          const line = source.getLineAndCharacterOfPosition(node.end).line + 1
          texts.push({ file: relative(root, file), line, text: node.text })
        }
        // A type names members, not values.
        if (!isLiteralTypeNode(node)) node.forEachChild(visit)
      }
      visit(source)
    }
    return texts
  } finally {
    api.close()
  }
}

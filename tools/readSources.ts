import { dirname, relative, resolve } from 'node:path'
import { API } from 'typescript/unstable/sync'
import type { SourceFile } from 'typescript/unstable/ast'

/** One file of the project, as the compiler reads it. */
export interface Source {
  /** Relative to the root of the project. */
  readonly file: string
  readonly tree: SourceFile
  /** 1-based line of a position in the file. */
  readonly lineOf: (position: number) => number
}

/**
 * Hands each file of a project to a visitor. The trees are gone when this returns.
 * @param config path of the project's `tsconfig.json`
 * @throws if the compiler cannot open it
 */
export function visitSources(config: string, visit: (source: Source) => void): void {
  const path = resolve(config)
  const root = dirname(path)
  const api = new API({ cwd: root })
  try {
    const project = api.updateSnapshot({ openProjects: [path] }).getProject(path)
    if (project === undefined) throw new Error(`the compiler does not open ${path}`)
    for (const file of project.rootFiles) {
      const tree = project.program.getSourceFile(file)
      if (tree === undefined) throw new Error(`the compiler does not open ${file}`)
      const lineOf = (position: number) => tree.getLineAndCharacterOfPosition(position).line + 1
      visit({ file: relative(root, file), tree, lineOf })
    }
  } finally {
    api.close()
  }
}

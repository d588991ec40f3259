import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readImports } from './readImports.ts'

const source = `
import type { A } from './a.ts'
import { type B } from './b.ts'
import { type C, c } from './c.ts'
import * as d from './d.ts'
import './e.ts'
import { readFile } from 'node:fs'
export type { F } from './f.ts'
export { g } from './g.ts'
export * from './h.ts'
export const i = async () => import('./i.ts')
export type J = import('./j.ts').J
// import './comment.ts'
export const text = \`
import { k } from './text.ts'
\`
`

test('every form of import is read, with its line, and types are told from values', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imports-'))
  try {
    await writeFile(join(folder, 'tsconfig.json'), '{ "files": ["main.ts"] }')
    await writeFile(join(folder, 'main.ts'), source)
    const { files, imports } = readImports(join(folder, 'tsconfig.json'))
    assert.deepEqual(files, ['main.ts'])
    const found = imports.map(({ to, line, typeOnly }) => `${line} ${to} ${typeOnly ? 'type' : 'value'}`)
    assert.deepEqual(found.toSorted(), [
      '10 h.ts value',
      '11 i.ts value',
      '12 j.ts type',
      '2 a.ts type',
      '3 b.ts type',
      '4 c.ts value',
      '5 d.ts value',
      '6 e.ts value',
      '8 f.ts type',
      '9 g.ts value',
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})

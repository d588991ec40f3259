import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { exportsOf } from './readExports.ts'
import { importsOf } from './readImports.ts'
import { visitSources, type Source } from './readSources.ts'

/** What a reader finds in a project of one file. */
async function read<T>(text: string, reader: (source: Source) => readonly T[]): Promise<readonly T[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sources-'))
  try {
    await writeFile(join(folder, 'tsconfig.json'), '{ "files": ["main.ts"] }')
    await writeFile(join(folder, 'main.ts'), text)
    const found: T[] = []
    visitSources(join(folder, 'tsconfig.json'), (source) => {
      assert.equal(source.file, 'main.ts')
      found.push(...reader(source))
    })
    return found
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('every form of import is read, with its line and names, and types are told from values', async () => {
  const source = `
import type { A } from './a.ts'
import { type B } from './b.ts'
import { type C, c as cc } from './c.ts'
import * as d from './d.ts'
import './e.ts'
import { readFile } from 'node:fs'
export type { F } from './f.ts'
export { g as gg } from './g.ts'
export * from './h.ts'
export const i = async () => import('./i.ts')
export type J = import('./j.ts').J
import k, { type K } from '../k.ts'
// import './comment.ts'
export const text = \`
import { k } from './text.ts'
\`
`
  const imports = await read(source, importsOf)
  assert.deepEqual(
    imports
      .map(
        ({ to, line, typeOnly, names }) =>
          `${line} ${to} ${typeOnly ? 'type' : 'value'} ${names?.join() ?? '*'}`,
      )
      .toSorted(),
    [
      '10 h.ts value *',
      '11 i.ts value *',
      '12 j.ts type J',
      '13 ../k.ts value default,K',
      '2 a.ts type A',
      '3 b.ts type B',
      '4 c.ts value C,c',
      '5 d.ts value *',
      '6 e.ts value ',
      '8 f.ts type F',
      '9 g.ts value g',
    ],
  )
})

test('every form of export is read, with its line and what its comment says of it', async () => {
  const source = `
export const a = 1, b = 2
export type C = string
export interface D { e: string }
const f = 1
/**
 * The seventh.
 * @internal Tests count the calls.
 */
export function g() {}
/** @internal */
export class H {}
export { f as ff, type I } from './i.ts'
export default f
function j() {}
`
  const exports = await read(source, exportsOf)
  assert.deepEqual(
    exports.map(({ name, line, internal }) => [line, name, ...(internal === undefined ? [] : [internal])]),
    [
      [2, 'a'],
      [2, 'b'],
      [3, 'C'],
      [4, 'D'],
      [10, 'g', 'Tests count the calls.'],
      [12, 'H', ''],
      [13, 'ff'],
      [13, 'I'],
      [14, 'default'],
    ],
  )
})

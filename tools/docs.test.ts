import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { brokenLinks, firstCells, variablesIn } from './markdown.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const paths = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'demo/README.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
].filter((path) => path.endsWith('.md'))
const pages = new Map(paths.map((path) => [path, read(path)]))

const configuration = readdirSync(join(root, 'src/config'))
  .filter((name) => !name.endsWith('.test.ts'))
  .map((name) => read(`src/config/${name}`))
  .join('\n')

test('every relative link of the docs leads to a file, and to a heading of it', () => {
  assert.deepEqual(
    brokenLinks(pages, (path) => existsSync(join(root, path))),
    [],
  )
})

test('docs/configuration.md has every variable that src/config reads', () => {
  const documented = firstCells(pages.get('docs/configuration.md') ?? '')
  const variables = variablesIn(configuration, ['NIXERY', 'NIX', 'S3', 'GCS', 'STORAGE'])
  assert.ok(variables.size > 40, `only ${variables.size} variables were found`)
  assert.deepEqual(
    [...variables].filter((name) => !documented.has(name)),
    [],
  )
})

test('the docs name no variable that src/config does not read', () => {
  const known = variablesIn(configuration, ['NIXERY'])
  const unknown = [...pages].flatMap(([page, text]) =>
    [...variablesIn(text, ['NIXERY'])].filter((name) => !known.has(name)).map((name) => `${page}: ${name}`),
  )
  assert.deepEqual(unknown, [])
})

test('a link to a missing file or heading is reported, one in a block of code is not', () => {
  const texts = new Map([
    ['README.md', '[a](docs/a.md#what-you-need) [b](docs/b.md) [c](docs/a.md#no) [d](#top) [e](https://x.y)'],
    ['docs/a.md', '# A\n## What you need?\n```\n[f](g.md)\n# top\n```\n[r](../README.md)'],
  ])
  assert.deepEqual(
    brokenLinks(texts, (path) => texts.has(path)),
    [
      'README.md: docs/b.md leads to docs/b.md, which does not exist',
      'README.md: docs/a.md#no leads to a heading that docs/a.md does not have',
      'README.md: #top leads to a heading that README.md does not have',
    ],
  )
})

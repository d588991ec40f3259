import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Layerings, type Layering } from '../layerTables/layering.ts'
import { makeTable } from '../layerTables/makeTable.ts'
import { strategies } from '../layers/strategies.ts'
import type { StorePath } from '../store/storePath.ts'
import { toStorePath } from '../store/storePath.ts'
import type { Contents } from './inventory.ts'
import { measureTableEffect } from './tableEffect.ts'

const pathOf = (name: string) => toStorePath(`/nix/store/${'0'.repeat(32)}-${name}-1.0`)
const info = (name: string, references: readonly StorePath[] = []) => ({
  path: pathOf(name),
  narHash: '',
  narSize: 1000,
  references,
})
/** Three libraries that only one program needs, which is in both images. */
const libraries = ['a', 'b', 'c'].map((name) => info(name))
const program = info(
  'program',
  libraries.map(({ path }) => path),
)
const contents = (...others: readonly string[]): Contents => ({
  packages: [],
  roots: [program.path, ...others.map(pathOf)],
  shown: [],
  behindLinks: [],
  closure: [...libraries, program, ...others.map((name) => info(name))].toSorted((x, y) =>
    x.path < y.path ? -1 : 1,
  ),
  created: 0,
})
const images: Readonly<Record<string, Contents>> = {
  program: contents(),
  'other/program': contents('other'),
}
const revision = { id: 'git:1', label: 'one', trusted: true }

/** At most two layers: without a table, what is not the largest shares the second one. */
async function layering(withTable: boolean): Promise<Layering> {
  const nodes = contents().closure.map(({ path, narSize, references }) => ({
    path,
    size: narSize,
    references,
  }))
  const table = withTable ? makeTable({ origin: 'a test', nodes }) : undefined
  const choose = async () => ({ table, isFinal: true })
  const tables = { choose, preview: choose }
  const { forest: strategy } = strategies
  return new Layerings({ name: 'forest', strategy, budget: 2, tables }).choose(revision)
}

const scope = (one: Layering, mostImages = 10) => ({
  revision,
  layering: one,
  architecture: 'amd64' as const,
  mostImages,
  signal: new AbortController().signal,
})
const parts = {
  catalog: { names: async () => ['unknown', ...Object.keys(images)] },
  inventory: { recall: async ({ request }: { request: { name: string } }) => images[request.name] },
}

test('layers that images share count once, with the table and without', async () => {
  const effect = await measureTableEffect(parts, scope(await layering(true)))
  // Five paths of 1000 bytes. Without the table, one path is a layer and the second layer differs.
  assert.deepEqual([effect?.images, effect?.bytes, effect?.bytesWithout], [2, 5000, 8000])
  assert.equal(effect?.known, 4 / 5)
})

test('so many images are looked at as the caller allows, and none without a table', async () => {
  assert.equal((await measureTableEffect(parts, scope(await layering(true), 1)))?.images, 1)
  assert.equal(await measureTableEffect(parts, scope(await layering(false))), undefined)
})

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { updated, yearAgo } from '../bench/fleet/ageing.ts'
import { aboveFloor, floors, seenIn } from '../bench/fleet/automatic.ts'
import { Fleet } from '../bench/fleet/fleet.ts'
import { closureFor } from '../bench/fleet/images.ts'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config/config.ts'
import { mostLayers } from '../src/config/layers.ts'
import { findInSet } from '../src/layerTables/findInSet.ts'
import { LayerTables } from '../src/layerTables/layerTables.ts'
import { makeTable } from '../src/layerTables/makeTable.ts'
import { readLayerTable } from '../src/layerTables/readData.ts'
import type { Finding } from '../src/layerTables/search.ts'
import { SetLooks } from '../src/layerTables/setLooks.ts'
import type { LayerTable } from '../src/layers/layerTable.ts'
import type { Closure, ClosureNode } from '../src/layers/plan.ts'
import { sharedDataFor } from '../src/layers/sharedData.ts'
import { strategies } from '../src/layers/strategies.ts'
import { createLogger } from '../src/logger.ts'
import { ownArchitecture } from '../src/oci/platform.ts'
import { createMemoryStorage } from '../src/storage/memory.testing.ts'
import type { Revision } from '../src/store/revision.ts'
import type { StorePath } from '../src/store/storePath.ts'
import { systems } from '../src/store/system.ts'
import { patient } from '../src/work/singleFlight.ts'
import { serverVariables } from './support/variables.ts'

/** All choices of two to four of these are 1,456 images. ffmpeg has more paths than an image has layers. */
const attributes = [
  ...'coreutils curl ffmpeg gawk git gnutar gzip hello htop jq moreutils nano nodejs'.split(' '),
  'python3Packages.requests',
]
const seed = 1
const system = systems[ownArchitecture()]

let folder: string
let revision: Revision
let found: Finding
let programs: readonly StorePath[]

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-floors-'))
  await using app = await createApp(readConfig(serverVariables(folder)), createLogger('silent'))
  revision = await app.source.pin('latest', patient)
  const search = { signal: new AbortController().signal, onProgress: () => undefined }
  // The programs are built when they are first asked for.
  const { location } = await app.source.fetch(revision, patient)
  const packages = await app.nix.instantiate({ location, system, attributes }, patient)
  programs = packages.flatMap(({ outputs: [first] }) => first?.path ?? [])
  const root = await app.nix.realise(packages, patient)
  try {
    found = await findInSet({ ...app, revision, system }, search)
  } finally {
    await root.release()
  }
})
after(() => rm(folder, { recursive: true, force: true }))

/** Images of two to four of the programs, and what they need. */
function imagesOf(nodes: readonly ClosureNode[], pathOf = (path: StorePath) => path): readonly Closure[] {
  const byPath = new Map(nodes.map((node) => [node.path, node]))
  const choices = (from: number, left: number): StorePath[][] =>
    left === 0
      ? [[]]
      : programs
          .slice(from)
          .flatMap((path, index) => choices(from + index + 1, left - 1).map((rest) => [path, ...rest]))
  const roots = [2, 3, 4].flatMap((count) => choices(0, count)).map((some) => some.map(pathOf))
  return roots.map((some) => ({ roots: some, nodes: closureFor(some, byPath) }))
}

/** What a storage keeps of the images, in bytes per byte of distinct store paths. */
function stored(table: LayerTable | undefined, closures: readonly Closure[]): number {
  const data = sharedDataFor(mostLayers, table, undefined)
  const fleet = new Fleet((closure) => strategies.forest(closure, data, mostLayers))
  fleet.plan(closures)
  return fleet.stored
}

const byHand = (nodes: readonly ClosureNode[]) => makeTable({ origin: 'by hand', nodes })

/** The table that servers choose for a revision whose set is this. */
async function automatic(tables: LayerTables, id: string, nodes: readonly ClosureNode[]) {
  const one = { ...revision, id }
  const find = async () => ({ origin: 'a look', revision: id, nodes, share: 1, remarks: [] })
  const logger = createLogger('silent')
  const looks = new SetLooks({ find, tables, logger, onTable: () => undefined })
  await looks.look(one)
  await looks.stop()
  return (await tables.choose(one)).table
}

describe('on the demo set', () => {
  it('images by a table that servers made take no more bytes than by one made by hand', async (t) => {
    const images = imagesOf(found.nodes)
    const tables = new LayerTables(createMemoryStorage().records, 'one')
    const hand = stored(byHand(found.nodes), images)
    const shipped = await readLayerTable(join(import.meta.dirname, '../demo/layerTable.json'))
    const rows = [
      ['by hand', hand],
      ['looked at whole', stored(await automatic(tables, 'path:1', found.nodes), images)],
      ['grown from these images', stored(byHand(seenIn(images)), images)],
      ['grown from some of them', stored(byHand(seenIn(images.filter((_, i) => i % 7 === 0))), images)],
      ['comes with the demo set', stored(shipped, images)],
    ] as const
    t.diagnostic(`${images.length} images; without a table ${stored(undefined, images).toFixed(3)}`)
    t.diagnostic(rows.map(([name, ratio]) => `${name} ${ratio.toFixed(3)}`).join(', '))
    assert.deepEqual(aboveFloor(rows, floors.first), [])
    assert.ok(stored(undefined, images) > 2 * hand, 'a table makes a difference')
  })

  it('the next revision takes little more, whether its packages were updated or came anew', async (t) => {
    const next = updated(found.nodes, 0.1, true, seed)
    const images = imagesOf(next.nodes, next.pathOf)
    const hand = stored(byHand(next.nodes), images)
    for (const [what, first] of [
      ['a revision with updates', found.nodes],
      ['a revision with new packages', yearAgo(found.nodes, seed)],
    ] as const) {
      const tables = new LayerTables(createMemoryStorage().records, 'one')
      assert.ok(await automatic(tables, 'path:1', first))
      const looked = await automatic(tables, 'path:2', next.nodes)
      const rows = [
        ['by hand', hand],
        [`${what}, looked at`, stored(looked, images)],
        [`${what}, by the table of the first`, stored(byHand(first), images)],
      ] as const
      t.diagnostic(rows.map(([name, ratio]) => `${name} ${ratio.toFixed(3)}`).join(', '))
      assert.deepEqual(aboveFloor(rows, floors.second), [])
    }
  })
})

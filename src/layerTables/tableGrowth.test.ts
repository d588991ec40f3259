import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '../logger.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { Records } from '../storage/records.ts'
import { baseName, toStorePath } from '../store/storePath.ts'
import { LayerTables } from './layerTables.ts'
import { TableGrowth } from './tableGrowth.ts'

const dayLength = 24 * 3600_000
const start = Date.parse('2026-03-01T12:00:00.000Z')
const logger = createLogger('silent')

/** A server, at a time. */
function server(t: TestContext, storage: Storage, now: number): TableGrowth {
  const tables = new LayerTables(storage.records, 'one')
  const growth = new TableGrowth({ storage, tables, source: 'one', logger, now: () => now })
  t.after(() => growth.stop())
  return growth
}

const pathOf = (name: string, digit = '0') => toStorePath(`/nix/store/${digit.repeat(32)}-${name}-1.0`)

/** Records that images were made of packages, all of which need the library. */
async function use(storage: Storage, names: readonly string[], digit = '0'): Promise<void> {
  const outputs = new Records(storage.records, layout.outputs)
  const info = (name: string, needs: readonly string[]) => ({
    path: pathOf(name, digit),
    narHash: `sha256:${'0'.repeat(52)}`,
    narSize: 1000,
    references: needs.map((one) => pathOf(one, digit)),
  })
  for (const name of names) {
    const path = pathOf(name, digit)
    const closure = [info('library', []), info(name, ['library'])]
    await outputs.put([baseName(path)], { path, tree: [], propagated: [], closure })
  }
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `tool-x${index}`)

describe('the growth of layer tables', () => {
  it('makes a table of what servers have built, once a day, if the newest knows too little', async (t) => {
    const storage = createMemoryStorage()
    await use(storage, names(40))
    const first = await server(t, storage, start).grow()
    assert.equal(first?.sharing.needed.size, 41)
    const tables = new LayerTables(storage.records, 'one')
    const revision = { id: 'git:1', label: 'one', trusted: true }
    assert.equal((await tables.choose(revision)).table?.identity, first.identity)
    await use(storage, names(60))
    assert.equal(await server(t, storage, start + 1).grow(), undefined, 'the same day')
    const second = await server(t, storage, start + dayLength).grow()
    assert.equal(second?.sharing.needed.size, 61)
    await use(storage, names(62))
    assert.equal(await server(t, storage, start + 2 * dayLength).grow(), undefined, 'little is new')
  })

  it('makes none of a few packages: the first table of a revision stays for ever', async (t) => {
    const storage = createMemoryStorage()
    await use(storage, names(29))
    assert.equal(await server(t, storage, start).grow(), undefined)
    await use(storage, names(30))
    assert.ok(await server(t, storage, start + 1).grow(), 'the day is not used up')
  })

  it('counts the newest version of a package', async (t) => {
    const storage = createMemoryStorage()
    await use(storage, names(40), '0')
    // Storages tell times in milliseconds.
    await sleep(5)
    await use(storage, names(40), '1')
    const table = await server(t, storage, start).grow()
    assert.equal(table?.sharing.needed.get('library'), 41)
  })

  it('is done by one of several servers', async (t) => {
    const storage = createMemoryStorage()
    await use(storage, names(40))
    const made = await Promise.all(Array.from({ length: 6 }, () => server(t, storage, start).grow()))
    assert.equal(made.filter(Boolean).length, 1)
    assert.equal((await Array.fromAsync(storage.records.list('popularity/offers'))).length, 1)
  })

  it('is done by another server an hour after the first was killed', async (t) => {
    const storage = createMemoryStorage()
    await use(storage, names(40))
    const killed = { server: 'killed', at: start, done: false }
    await storage.records.put('popularity/growth/one/2026-03-01-1', killed)
    assert.equal(await server(t, storage, start + 60_000).grow(), undefined)
    assert.ok(await server(t, storage, start + 3_700_000).grow())
  })

  it('does not replace a table by hand that knows more', async (t) => {
    const storage = createMemoryStorage()
    await use(storage, names(400))
    const whole = await server(t, storage, start).grow()
    assert.ok(whole)
    const other = createMemoryStorage()
    await new LayerTables(other.records, 'one').offerToAll(whole)
    await use(other, [...names(30), 'new-a', 'new-b', 'new-c'])
    assert.equal(await server(t, other, start + dayLength).grow(), undefined)
  })
})

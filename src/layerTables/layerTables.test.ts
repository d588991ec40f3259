import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { StorageFailed } from '../errors.ts'
import { growForest } from '../layers/growForest.ts'
import { createLayerTable } from '../layers/layerTable.ts'
import { strategies } from '../layers/strategies.ts'
import { nodesFrom } from '../layers/testing.ts'
import { hexOf } from '../oci/digest.ts'
import type { Storage } from '../storage/interfaces.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { LayerTables } from './layerTables.ts'
import { Layerings } from './layering.ts'

const tableOf = (name: string, made: string, revision?: string) =>
  createLayerTable({
    made: `${made}T00:00:00.000Z`,
    origin: 'a test',
    ...(revision === undefined ? {} : { revision }),
    sharing: growForest(nodesFrom({ a: [1, name], [name]: [1] })),
    popularity: new Map(),
  })
const older = tableOf('b', '2026-01-01')
const newer = tableOf('c', '2026-06-01')
const revision = (id: string) => ({ id, label: id, trusted: true })
/** A server's view: it remembers nothing of what another one has seen. */
const open = ({ records }: Pick<Storage, 'records'>, source = 'one') => new LayerTables(records, source)

describe('layer tables', () => {
  test('a revision gets the newest table, and keeps it when newer ones come', async () => {
    const storage = createMemoryStorage()
    await open(storage).offer(older)
    assert.deepEqual(await open(storage).choose(revision('git:1')), { table: older, isFinal: true })
    await open(storage).offer(newer)
    assert.deepEqual((await open(storage).choose(revision('git:1'))).table, older)
    assert.deepEqual((await open(storage).choose(revision('git:2'))).table, newer)
  })

  test('a table that is offered late does not become the newest', async () => {
    const tables = open(createMemoryStorage())
    await tables.offer(newer)
    await tables.offer(older)
    assert.deepEqual((await tables.choose(revision('git:1'))).table, newer)
  })

  test('a revision without a table waits for the first of its source, which takes its place once', async () => {
    const storage = createMemoryStorage()
    const none = { table: undefined, isFinal: false }
    assert.deepEqual(await open(storage).choose(revision('git:1')), none)
    await open(storage, 'another').offer(newer)
    assert.deepEqual(await open(storage).choose(revision('git:1')), none)
    await open(storage).offer(older)
    assert.deepEqual(await open(storage).choose(revision('git:1')), { table: older, isFinal: true })
    await open(storage).offer(newer)
    assert.deepEqual((await open(storage).choose(revision('git:1'))).table, older)
  })

  test('a table for all sources is for this one, too', async () => {
    const storage = createMemoryStorage()
    await open(storage, 'another').offerToAll(older)
    assert.deepEqual((await open(storage).choose(revision('git:1'))).table, older)
  })

  test('that an older version of this program has decided for no table is final', async () => {
    const storage = createMemoryStorage()
    await storage.records.put('popularity/pins/git:1', { table: null })
    await open(storage).offer(older)
    assert.deepEqual(await open(storage).choose(revision('git:1')), { table: undefined, isFinal: true })
    assert.equal(await open(storage).isPinned(revision('git:1')), true)
  })

  test('a table made of the revision itself comes before newer ones', async () => {
    const tables = open(createMemoryStorage())
    await tables.offer(tableOf('d', '2026-01-01', 'git:1'))
    await tables.offer(newer)
    assert.equal((await tables.choose(revision('git:1'))).table?.revision, 'git:1')
    assert.deepEqual((await tables.choose(revision('git:2'))).table, newer)
  })

  test('looking decides nothing', async () => {
    const tables = open(createMemoryStorage())
    assert.deepEqual(await tables.preview(revision('git:1')), { table: undefined, isFinal: false })
    await tables.offer(older)
    assert.deepEqual((await tables.preview(revision('git:1'))).table, older)
    assert.equal(await tables.isPinned(revision('git:1')), false)
    await tables.offer(newer)
    assert.deepEqual((await tables.choose(revision('git:1'))).table, newer)
  })

  test('a table that is damaged is none: the newest of the others is pinned in its place', async () => {
    const storage = createMemoryStorage()
    await open(storage).offer(older)
    await open(storage).offer(newer)
    await open(storage).choose(revision('git:1'))
    await storage.records.put(`popularity/tables/${hexOf(newer.identity)}`, { format: 1 })
    assert.deepEqual((await open(storage).choose(revision('git:1'))).table, older)
    assert.deepEqual(await storage.records.get('popularity/pins/git:1'), { table: hexOf(older.identity) })
  })

  test('servers that share a storage agree, though each finds another table at that moment', async () => {
    const storage = createMemoryStorage()
    await open(storage).offer(older)
    // The second server has listed the offers after a newer one came.
    const slow = open({
      records: {
        ...bound(storage.records),
        create: async (key, value) => {
          await open(storage).offer(newer)
          await open(storage).choose(revision('git:1'))
          return storage.records.create(key, value)
        },
      },
    })
    const late = await slow.choose(revision('git:1'))
    assert.deepEqual(late, await open(storage).choose(revision('git:1')))
    assert.deepEqual(late.table, newer)
  })

  test('while the storage is down, a revision that waits for a table is served without one', async () => {
    const storage = createMemoryStorage()
    const fails = async () => {
      throw new StorageFailed('down')
    }
    const isPin = (key: string) => key.startsWith('popularity/pins/')
    const records = bound(storage.records)
    // Of what has a copy near the server, the copy answers: there is no copy of a pin that is not there.
    const down = open({ records: { ...records, get: (key) => (isPin(key) ? fails() : records.get(key)) } })
    await assert.rejects(down.choose(revision('git:1')), StorageFailed)
    await open(storage).choose(revision('git:1'))
    assert.deepEqual(await down.choose(revision('git:1')), { table: undefined, isFinal: false })
  })
})

function bound(records: Storage['records']): Storage['records'] {
  return {
    get: (key) => records.get(key),
    put: (key, value) => records.put(key, value),
    create: (key, value) => records.create(key, value),
    list: (folder) => records.list(folder),
  }
}

describe('the layering of a revision', () => {
  test('the identity tells strategies, budgets and tables apart, and a revision keeps its own', async () => {
    const storage = createMemoryStorage()
    const layerings = (name: keyof typeof strategies, budget: number) =>
      new Layerings({ name, strategy: strategies[name], budget, tables: open(storage) })
    const identity = async (of: Layerings, id = 'git:1') => (await of.choose(revision(id))).identity
    const bare = await identity(layerings('forest', 94))
    await open(storage).offer(older)
    const first = await identity(layerings('forest', 94))
    await open(storage).offer(newer)
    const others = [
      await identity(layerings('forest', 94), 'git:2'),
      await identity(layerings('size', 94)),
      await identity(layerings('forest', 93)),
    ]
    assert.equal(await identity(layerings('forest', 94)), first)
    assert.equal(new Set([bare, first, ...others]).size, 5)
  })

  test('a choice that is not final is made again after a few seconds, a final one after a minute', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
    t.mock.method(performance, 'now', () => Date.now())
    const storage = createMemoryStorage()
    const tables = open(storage)
    const chosen = t.mock.method(tables, 'choose')
    const layerings = new Layerings({ name: 'forest', strategy: strategies.forest, budget: 94, tables })
    const after = async (seconds: number) => {
      t.mock.timers.tick(seconds * 1000)
      // The memory asks for the time at most once in a millisecond.
      await sleep(5)
      return (await layerings.choose(revision('git:1'))).isFinal
    }
    assert.equal(await after(1), false)
    await tables.offer(older)
    assert.equal(await after(3), false)
    assert.equal(await after(4), true)
    assert.equal(await after(50), true)
    assert.equal(chosen.mock.callCount(), 2)
    assert.equal(await after(15), true)
    assert.equal(chosen.mock.callCount(), 3)
  })
})

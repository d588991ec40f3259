import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growForest } from '../layers/growForest.ts'
import { createLayerTable } from '../layers/layerTable.ts'
import { strategies } from '../layers/strategies.ts'
import { nodesFrom } from '../layers/testing.ts'
import { hexOf } from '../oci/digest.ts'
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

test('a revision gets the newest table, and keeps it when newer ones come', async () => {
  const { records } = createMemoryStorage()
  await new LayerTables(records).offer(older)
  assert.deepEqual(await new LayerTables(records).choose(revision('git:1')), older)
  await new LayerTables(records).offer(newer)
  assert.deepEqual(await new LayerTables(records).choose(revision('git:1')), older)
  assert.deepEqual(await new LayerTables(records).choose(revision('git:2')), newer)
})

test('a table that is offered late does not become the newest', async () => {
  const { records } = createMemoryStorage()
  const tables = new LayerTables(records)
  await tables.offer(newer)
  await tables.offer(older)
  assert.deepEqual(await tables.choose(revision('git:1')), newer)
})

test('that there was no table is a choice too', async () => {
  const { records } = createMemoryStorage()
  assert.equal(await new LayerTables(records).choose(revision('git:1')), undefined)
  await new LayerTables(records).offer(older)
  assert.equal(await new LayerTables(records).choose(revision('git:1')), undefined)
})

test('a table made of the revision itself comes before newer ones', async () => {
  const tables = new LayerTables(createMemoryStorage().records)
  await tables.offer(tableOf('d', '2026-01-01', 'git:1'))
  await tables.offer(newer)
  assert.equal((await tables.choose(revision('git:1')))?.revision, 'git:1')
  assert.deepEqual(await tables.choose(revision('git:2')), newer)
})

test('looking decides nothing', async () => {
  const tables = new LayerTables(createMemoryStorage().records)
  assert.equal(await tables.preview(revision('git:1')), undefined)
  await tables.offer(older)
  assert.deepEqual(await tables.preview(revision('git:1')), older)
  assert.deepEqual(await tables.choose(revision('git:1')), older)
})

test('a table that is damaged is none: the newest of the others is chosen', async () => {
  const { records } = createMemoryStorage()
  const tables = new LayerTables(records)
  await tables.offer(older)
  await tables.offer(newer)
  await tables.choose(revision('git:1'))
  await records.put(`popularity/tables/${hexOf(newer.identity)}`, { format: 1 })
  assert.deepEqual(await new LayerTables(records).choose(revision('git:1')), older)
})

test('servers that share a storage agree, whoever asks first', async () => {
  const { records } = createMemoryStorage()
  await new LayerTables(records).offer(older)
  const servers = Array.from({ length: 5 }, () => new LayerTables(records))
  const answers = await Promise.all(servers.map((server) => server.choose(revision('git:1'))))
  for (const answer of answers) assert.deepEqual(answer, older)
})

test('the identity tells strategies, budgets and tables apart, and a revision keeps its own', async () => {
  const { records } = createMemoryStorage()
  const layerings = (name: keyof typeof strategies, budget: number) =>
    new Layerings({ name, strategy: strategies[name], budget, tables: new LayerTables(records) })
  const identity = async (of: Layerings, id = 'git:1') => (await of.choose(revision(id))).identity
  const first = await identity(layerings('forest', 94))
  await new LayerTables(records).offer(older)
  const others = [
    await identity(layerings('forest', 94), 'git:2'),
    await identity(layerings('size', 94)),
    await identity(layerings('forest', 93)),
  ]
  assert.equal(await identity(layerings('forest', 94)), first)
  assert.equal(new Set([first, ...others]).size, 4)
})

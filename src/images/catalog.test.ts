import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Collector } from '../gc/collector.ts'
import { parseImageName } from '../image/name.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { Catalog } from './catalog.ts'

const day = 24 * 60 * 60

test('the collector leaves the names and tags that are still asked for', async (t) => {
  mock.timers.enable({ apis: ['Date'], now: 1_000_000_000_000 })
  t.after(() => mock.timers.reset())
  const storage = createMemoryStorage()
  const catalogs = [new Catalog(storage.records), new Catalog(storage.records)]
  const pull = async (name: string, tag: string) => {
    for (const catalog of catalogs) await catalog.recordPull(parseImageName(name), tag)
  }
  await pull('git', 'v1')
  await pull('jq', 'latest')
  for (let today = 0; today < 40; today++) {
    mock.timers.tick(day * 1000)
    await pull('git', 'latest')
  }
  const names = () => catalogs[0]?.names()
  assert.deepEqual(await names(), ['git', 'jq'])
  await new Collector(storage, { keep: 50 * day, grace: 1 }).collect()
  await new Collector(storage, { grace: 1 }).collect()
  assert.deepEqual(await names(), ['git', 'jq'])
  await new Collector(storage, { keep: 30 * day, grace: 1 }).collect()
  assert.deepEqual(await names(), ['git'])
  assert.deepEqual(await catalogs[1]?.tags(parseImageName('git')), ['latest'])
  await pull('jq', 'latest')
  assert.deepEqual(await names(), ['git', 'jq'])
})

test('a name that is asked for many times a day is written once, by all servers together', async () => {
  const { records } = createMemoryStorage()
  let puts = 0
  const counting = {
    get: (key: string) => records.get(key),
    put: (key: string, value: unknown) => {
      puts++
      return records.put(key, value)
    },
    list: (folder: string) => records.list(folder),
  }
  for (const catalog of [new Catalog(counting), new Catalog(counting)])
    for (const name of ['git/jq', 'jq/git']) await catalog.recordPull(parseImageName(name), 'latest')
  assert.equal(puts, 1)
})

test('a collector that keeps nothing for long leaves what was asked for yesterday in the lists', async (t) => {
  mock.timers.enable({ apis: ['Date'], now: 1_000_000_000_000 })
  t.after(() => mock.timers.reset())
  const storage = createMemoryStorage()
  const catalog = new Catalog(storage.records)
  await catalog.recordPull(parseImageName('git'), 'latest')
  mock.timers.tick(day * 1000)
  await new Collector(storage, { keep: 1, grace: 1 }).collect()
  assert.deepEqual(await catalog.names(), ['git'])
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Storage } from '../storage/interfaces.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { Collector } from './collector.ts'
import { keysOf } from './testing.ts'

const idOf = (digit: string) => digit.repeat(64)

/** A table of each digit, offered in this order, for a source. */
async function offer(storage: Storage, source: string, digits: string): Promise<void> {
  for (const [index, digit] of [...digits].entries()) {
    await storage.records.put(`popularity/tables/${idOf(digit)}`, { format: 1 })
    await storage.records.put(`popularity/offers/2026010${index}-${idOf(digit).slice(0, 16)}`, {
      table: idOf(digit),
      source,
    })
  }
}

const pin = (storage: Storage, revision: string, table: string | null) =>
  storage.records.put(`popularity/pins/${revision}`, { table })

async function tablesOf(storage: Storage): Promise<string> {
  const keys = await keysOf(storage, 'popularity/tables')
  return [...keys].map((key) => key.slice('popularity/tables/'.length)[0]).join('')
}

/** A collector has half of the grace to begin to delete. */
const shortGrace = 0.2

async function collect(storage: Storage, grace = shortGrace): Promise<void> {
  await sleep(shortGrace * 1000 + 1)
  await new Collector(storage, { grace }).collect()
}

describe('a collection of layer tables', () => {
  it('deletes the tables that no pin and no offer names, and keeps the newest offers of each source', async () => {
    const storage = createMemoryStorage()
    await offer(storage, 'one', '12345')
    await offer(storage, 'two', 'ab')
    await pin(storage, 'git:1', idOf('1'))
    await pin(storage, 'git:2', null)
    // Offers go first: a server may be choosing one of their tables at that moment.
    await collect(storage)
    assert.equal(await tablesOf(storage), '12345ab')
    assert.equal((await keysOf(storage, 'popularity/offers')).size, 5)
    await collect(storage)
    assert.equal(await tablesOf(storage), '1345ab')
    await storage.records.put('popularity/pins/git:1', { table: idOf('3') })
    await collect(storage)
    assert.equal(await tablesOf(storage), '345ab')
    assert.equal((await keysOf(storage, 'popularity/pins')).size, 2)
  })

  it('keeps what is young: its offer may be on its way', async () => {
    const storage = createMemoryStorage()
    await storage.records.put(`popularity/tables/${idOf('1')}`, { format: 1 })
    await collect(storage, 60)
    assert.equal(await tablesOf(storage), '1')
    await collect(storage)
    assert.equal(await tablesOf(storage), '')
  })

  it('keeps all tables while a pin or an offer cannot be read', async () => {
    const storage = createMemoryStorage()
    await storage.records.put(`popularity/tables/${idOf('1')}`, { format: 1 })
    for (const key of ['popularity/pins/git:1', 'popularity/offers/1-1']) {
      await storage.records.put(key, { table: 'nonsense' })
      await collect(storage)
      assert.equal(await tablesOf(storage), '1')
      await storage.objects.delete(key)
    }
  })
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Storage } from './interfaces.ts'

/** What every storage promises of `create`. */
export function createContract(open: () => Promise<Storage>): void {
  it('creates a record once, whoever asks, and never replaces one', async () => {
    const { records, objects } = await open()
    const values = Array.from({ length: 12 }, (_, index) => ({ index }))
    const won = await Promise.all(values.map((value) => records.create('created/one', value)))
    assert.equal(won.filter(Boolean).length, 1)
    const winner = values[won.indexOf(true)]
    assert.deepEqual(await records.get('created/one'), winner)
    assert.equal(await records.create('created/one', winner), true)
    assert.equal(await records.create('created/one', { index: 12 }), false)
    assert.deepEqual(await records.get('created/one'), winner)
    await records.put('created/one', 13)
    assert.equal(await records.get('created/one'), 13)
    await objects.delete('created/one')
    assert.equal(await records.create('created/one', 14), true)
    assert.equal(await records.get('created/one'), 14)
    await assert.rejects(records.create('../x', 1), TypeError)
  })
}

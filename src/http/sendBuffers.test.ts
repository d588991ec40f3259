import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SendBuffers } from './sendBuffers.ts'

/** All that there are, for clients of whom it is known whether they read. */
function lendAll(buffers: SendBuffers, reads = true): readonly Buffer[] {
  const lent: Buffer[] = []
  for (let buffer = buffers.lend(reads); buffer; buffer = buffers.lend(reads)) {
    assert.ok(lent.length < 1000, 'there is no end of them')
    lent.push(buffer)
  }
  return lent
}

it('lends a bounded number of buffers, none of them to two at a time', () => {
  const lent = lendAll(new SendBuffers())
  assert.ok(lent.length > 0)
  assert.equal(new Set(lent.map(({ buffer }) => buffer)).size, lent.length)
  const bytes = lent.reduce((sum, { length }) => sum + length, 0)
  assert.ok(bytes <= 20 << 20, `${bytes} bytes`)
})

it('lends again what was given back, and makes no more', () => {
  const buffers = new SendBuffers()
  const lent = lendAll(buffers)
  const [first, second] = lent
  assert.ok(first && second)
  buffers.giveBack(first)
  buffers.giveBack(second)
  assert.deepEqual(new Set(lendAll(buffers)), new Set([first, second]))
})

it('keeps some for clients that are known to read', () => {
  const buffers = new SendBuffers()
  assert.ok(lendAll(buffers, false).length > 0)
  assert.ok(lendAll(buffers, true).length > 1)
})

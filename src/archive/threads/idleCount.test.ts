import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdleCount } from './idleCount.ts'

test('no more are taken than there are, whoever takes them', () => {
  const pool = new IdleCount()
  const thread = new IdleCount(pool.buffer)
  assert.equal(thread.take(), false)
  pool.reset(2)
  assert.deepEqual([thread.take(), pool.take(), thread.take()], [true, true, false])
  pool.giveBack()
  assert.deepEqual([thread.take(), pool.take()], [true, false])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdleCount } from './idleCount.ts'

test('no more are taken than were told, whoever takes them', () => {
  const pool = new IdleCount()
  const thread = new IdleCount(pool.buffer)
  assert.equal(thread.take(), false)
  pool.tell(2)
  assert.deepEqual([thread.take(), thread.take(), thread.take()], [true, true, false])
  pool.tell(1)
  assert.deepEqual([thread.take(), thread.take()], [true, false])
})

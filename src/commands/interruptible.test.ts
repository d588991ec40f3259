import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { interruptible } from './interruptible.ts'

test('Ctrl-C ends the work with the message', async () => {
  const work = interruptible('interrupted: try again', async (signal) => {
    await once(signal, 'abort')
    throw signal.reason
  })
  assert.equal(process.listenerCount('SIGINT'), 1)
  process.emit('SIGINT')
  await assert.rejects(work, { name: 'Interrupted', message: 'interrupted: try again' })
})

test('after the work, Ctrl-C is what it was before', async () => {
  assert.equal(await interruptible('interrupted', async () => 42), 42)
  assert.equal(process.listenerCount('SIGINT'), 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Repetition } from './repetition.ts'

test('work is repeated after the pause that it answers, never twice at once, until it is stopped', async () => {
  const thrice = Promise.withResolvers<void>()
  let [times, running] = [0, 0]
  const repetition = new Repetition(1, async () => {
    running += 1
    assert.equal(running, 1)
    times += 1
    await sleep(2)
    running -= 1
    if (times === 3) thrice.resolve()
    return 1
  })
  await thrice.promise
  await repetition.stop()
  assert.equal(running, 0)
  const ended = times
  await sleep(20)
  assert.equal(times, ended)
})

test('a stop ends work by its signal', async () => {
  const started = Promise.withResolvers<void>()
  const repetition = new Repetition(0, async (signal) => {
    started.resolve()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return 0
  })
  await started.promise
  await repetition.stop()
  assert.ok(repetition.signal.aborted)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BuildEvent, RunOptions } from './events.ts'
import { SingleFlight } from './singleFlight.ts'

function caller(): { run: RunOptions; abort: (reason: Error) => void; events: BuildEvent[] } {
  const controller = new AbortController()
  const events: BuildEvent[] = []
  const run = { signal: controller.signal, onEvent: (event: BuildEvent) => void events.push(event) }
  return { run, abort: (reason) => controller.abort(reason), events }
}

function abortOf({ signal }: RunOptions): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the work was ended')))
  })
}

test('callers at the same time share one piece of work and its events', async () => {
  const work = new SingleFlight<number>()
  const { promise, resolve } = Promise.withResolvers<number>()
  const event = { kind: 'log', line: 'a' } as const
  let started = 0
  let tell: RunOptions['onEvent'] | undefined
  const start = (run: RunOptions) => {
    started++
    tell = run.onEvent
    return promise
  }
  const [first, second] = [caller(), caller()]
  const answers = [work.run('key', first.run, start), work.run('key', second.run, start)]
  tell?.(event)
  resolve(5)
  assert.deepEqual(await Promise.all(answers), [5, 5])
  assert.equal(started, 1)
  assert.deepEqual([first.events, second.events], [[event], [event]])
  assert.equal(await work.run('key', caller().run, async () => 6), 6)
})

test('a caller that gives up leaves the work to the others', async () => {
  const work = new SingleFlight<number>()
  const { promise, resolve } = Promise.withResolvers<number>()
  const [first, second] = [caller(), caller()]
  let ended = false
  const start = (run: RunOptions) => {
    run.signal.addEventListener('abort', () => (ended = true))
    return promise
  }
  const leaving = work.run('key', first.run, start)
  const staying = work.run('key', second.run, start)
  first.abort(new Error('not any more'))
  await assert.rejects(leaving, { message: 'not any more' })
  assert.equal(ended, false)
  resolve(5)
  assert.equal(await staying, 5)
})

test('the work ends when the last caller gives up, and is begun anew by the next', async () => {
  const work = new SingleFlight<number>()
  const only = caller()
  const leaving = work.run('key', only.run, abortOf)
  only.abort(new Error('not any more'))
  await assert.rejects(leaving, { message: 'not any more' })
  assert.equal(await work.run('key', caller().run, async () => 6), 6)
})

test('a failure reaches all who wait', async () => {
  const work = new SingleFlight<number>()
  const fail = async () => Promise.reject(new Error('broken'))
  const answers = [work.run('key', caller().run, fail), work.run('key', caller().run, fail)]
  for (const answer of answers) await assert.rejects(answer, { message: 'broken' })
})

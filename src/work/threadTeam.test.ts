import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { startThread } from './startThread.ts'
import { ThreadTeam } from './threadTeam.ts'

/** A team, and the threads that it has started. */
function teamOf({ size = 2, idleMs = 1_000 } = {}) {
  const started: Worker[] = []
  const start = () => {
    const worker = startThread(import.meta.url, 'answerer.testing')
    started.push(worker)
    return worker
  }
  return { team: new ThreadTeam<string, number>(start, { size, idleMs }), started }
}

test('threads start when they are needed, never more than the size, and answer again and again', async () => {
  const { team, started } = teamOf()
  assert.equal(started.length, 0)
  const first = await team.ask('hello')
  assert.equal(await team.ask('hello'), first)
  assert.equal(started.length, 1)
  const threads = await Promise.all(Array.from({ length: 10 }, () => team.ask('block 20')))
  assert.equal(new Set(threads).size, 2)
  assert.equal(started.length, 2)
})

test('an idle thread ends after a while, and the next question has a new one', async () => {
  const { team, started } = teamOf({ idleMs: 50 })
  const first = await team.ask('hello')
  // Ending does not keep the process running either.
  const waiting = setInterval(() => {}, 1_000)
  await Promise.all(started.map((worker) => once(worker, 'exit')))
  clearInterval(waiting)
  assert.notEqual(await team.ask('hello'), first)
})

test('an idle thread does not keep the process running, and a question does', { timeout: 60_000 }, () => {
  const source = `
    import { startThread } from ${JSON.stringify(import.meta.resolve('./startThread.ts'))}
    import { ThreadTeam } from ${JSON.stringify(import.meta.resolve('./threadTeam.ts'))}
    const start = () => startThread(${JSON.stringify(import.meta.url)}, 'answerer.testing')
    const team = new ThreadTeam(start, { size: 1, idleMs: 1e9 })
    team.ask('block 200').then(() => console.log('answered'))`
  const args = ['--input-type=module', '--eval', source]
  assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }), 'answered\n')
})

test('what the program throws has its message and code, and the thread lives on', async () => {
  const { team } = teamOf()
  const thread = await team.ask('hello')
  await assert.rejects(team.ask('fail'), { message: 'no such file', code: 'ENOENT' })
  assert.equal(await team.ask('hello'), thread)
})

test('a thread that ends before it has answered is an error, and the next question has a new one', async () => {
  const { team } = teamOf()
  const thread = await team.ask('hello')
  await assert.rejects(team.ask('exit'), { message: 'a thread ended before it had answered: exit code 7' })
  assert.notEqual(await team.ask('hello'), thread)
})

test('an abort ends the thread that works on the question', { timeout: 60_000 }, async () => {
  const { team, started } = teamOf({ size: 1 })
  await team.ask('hello')
  const stop = new AbortController()
  const asked = team.ask('block 1000000', { signal: stop.signal })
  const ended = started.map((worker) => once(worker, 'exit'))
  stop.abort(new Error('enough'))
  await assert.rejects(asked, { message: 'enough' })
  await Promise.all(ended)
  await team.ask('hello')
})

test('an abort takes back a question that waits, and disturbs no other', async () => {
  const { team, started } = teamOf({ size: 1 })
  const working = team.ask('block 100')
  const stop = new AbortController()
  const asked = team.ask('hello', { signal: stop.signal })
  stop.abort(new Error('enough'))
  await assert.rejects(asked, { message: 'enough' })
  await assert.rejects(team.ask('hello', { signal: stop.signal }), { message: 'enough' })
  assert.equal(await team.ask('hello'), await working)
  assert.equal(started.length, 1)
})

test('of the questions that wait, the one with the highest priority is next', async () => {
  const { team } = teamOf({ size: 1 })
  const order: number[] = []
  const ask = async (priority: number) => {
    await team.ask('hello', { priority })
    order.push(priority)
  }
  await Promise.all([ask(0), ask(1), ask(3), ask(2)])
  assert.deepEqual(order, [0, 3, 2, 1])
})

test('a question that cannot be sent to a thread is an error, and so is a thread that cannot be started', async () => {
  const { team } = teamOf()
  // oxlint-disable-next-line typescript/no-unsafe-argument -- functions cannot be sent
  await assert.rejects(team.ask((() => {}) as unknown as string), { name: 'DataCloneError' })
  await team.ask('hello')
  const start = () => {
    throw new Error('no room')
  }
  const none = new ThreadTeam<string, number>(start, { size: 1, idleMs: 1_000 })
  await assert.rejects(none.ask('hello'), { message: 'no room' })
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { ProgramLost, ProgramNotStarted } from './failures.ts'
import { ProgramThread } from './programThread.ts'
import { isRunning } from './testing.ts'

const { signal } = new AbortController()
const patience = { timeout: 60_000 }

/** What runs programs, and a function that ends the thread that it starts next. */
function setUp() {
  const worker = Promise.withResolvers<Worker>()
  process.once('worker', worker.resolve)
  return { thread: new ProgramThread(), endThread: async () => (await worker.promise).terminate() }
}

test('programs whose thread ends are ended before that is told', patience, async () => {
  const { thread, endThread } = setUp()
  const pids: string[] = []
  const deaf = 'trap "" TERM; echo $$; while :; do sleep 0.1; done'
  const run = () =>
    thread.run('/bin/sh', ['-c', deaf], {
      signal,
      graceMs: 100,
      onStdout: (line) => {
        if (pids.push(line) === 2) void endThread()
      },
    })
  const error = { constructor: ProgramLost, message: /'\/bin\/sh' was ended: the thread/ }
  await Promise.all([assert.rejects(run(), error), assert.rejects(run(), error)])
  assert.equal(pids.length, 2)
  // Less than what the watchdog leaves such a program.
  for (let tries = 0; tries < 100 && pids.some(isRunning); tries++) await sleep(20)
  assert.deepEqual(pids.filter(isRunning), [])
})

test('a program that has lost its thread before it began was not started, and the next has another', async () => {
  const { thread, endThread } = setUp()
  const running = thread.run('/bin/true', [], { signal })
  await Promise.all([assert.rejects(running, ProgramNotStarted), endThread()])
  assert.equal((await thread.run('/bin/echo', ['again'], { signal })).stdout, 'again\n')
})

test(
  'where no thread can be started, the program is not, with the reason',
  {
    ...patience,
    skip: process.getuid?.() !== 0,
  },
  () => {
    const source = `
    import { run } from ${JSON.stringify(import.meta.resolve('./run.ts'))}
    process.setuid(65534)
    await run('true', [], { signal: new AbortController().signal }).catch((error) => console.log(error.name, error.message))
  `
    const args = ['--nproc=1', process.execPath, '--input-type=module', '--eval', source]
    const told = execFileSync('prlimit', args, { encoding: 'utf8' })
    assert.match(told, /^ProgramNotStarted cannot run 'true': a thread cannot be started: .*EAGAIN/)
  },
)

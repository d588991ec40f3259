import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from './run.ts'
import { usageOf } from './usage.ts'

test('time and memory of what a program has started are counted too', async () => {
  const stop = new AbortController()
  let pid: number | undefined
  const busy = 'x=$(head -c 20000000 /dev/zero | tr "\\0" x); while :; do :; done'
  const running = run('/bin/sh', ['-c', `sh -c '${busy}'; exit`], {
    signal: stop.signal,
    onStarted: (started) => (pid = started),
  })
  running.catch(() => {})
  const end = performance.now() + 60_000
  const usage = () => (pid === undefined ? { seconds: 0, memory: 0 } : usageOf(pid))
  while ((await usage()).seconds < 0.5 && performance.now() < end) await sleep(50)
  const { seconds, memory } = await usage()
  assert.ok(seconds >= 0.5)
  assert.ok(memory > 20_000_000 && memory < 500_000_000, `${memory} bytes`)
  stop.abort(new Error('enough'))
  await assert.rejects(running, /enough/)
  assert.deepEqual(await usage(), { seconds: 0, memory: 0 })
})

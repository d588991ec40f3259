import assert from 'node:assert/strict'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { run } from './run.ts'
import { Session } from './session.ts'

/** A program that never becomes nicer must not hold the tests up. */
const options = { skip: getPriority() === 19, timeout: 60_000 }

/** Ends when it has become nicer than this process. */
const script = `until [ "$(nice)" -gt ${getPriority()} ]; do sleep 0.01; done`

test('a program that is run becomes nicer than the server', options, async () => {
  const { code } = await run('/bin/sh', ['-c', script], { signal: AbortSignal.timeout(50_000) })
  assert.equal(code, 0)
})

test('a program that stays to be talked to becomes nicer than the server', options, async () => {
  const session = new Session('/bin/sh', ['-c', `${script}; echo nicer`], { graceMs: 0 })
  const line = new Promise((resolve) => (session.onLine = resolve))
  session.ref()
  assert.equal(await line, 'nicer')
  await session.close()
})

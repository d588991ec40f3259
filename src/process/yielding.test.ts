import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
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

test('a session becomes nicer than the server', options, async () => {
  const session = new Session('/bin/sh', ['-c', `${script}; echo nicer`], { graceMs: 0 })
  const line = new Promise((resolve) => (session.onLine = resolve))
  session.ref()
  assert.equal(await line, 'nicer')
  await session.close()
})

const asAnother = { ...options, skip: process.getuid?.() !== 0 || !existsSync('/proc/self/autogroup') }

test('programs that start at once all yield, though the server has no privileges', asAnother, () => {
  const source = `
    import { run } from ${JSON.stringify(import.meta.resolve('./run.ts'))}
    const signal = AbortSignal.timeout(30_000)
    // The thread reads its program while that may be read.
    await run('true', [], { signal })
    process.setgid(65534)
    process.setuid(65534)
    const yielding = 'until grep -q "nice 5" /proc/self/autogroup; do sleep 0.05; done'
    const all = [1, 2, 3, 4].map(() => run('/bin/sh', ['-c', yielding], { signal, cwd: '/' }))
    console.log((await Promise.allSettled(all)).map(({ status }) => status).join())
  `
  const told = execFileSync(process.execPath, ['--input-type=module', '--eval', source], { encoding: 'utf8' })
  assert.equal(told, 'fulfilled,fulfilled,fulfilled,fulfilled\n')
})

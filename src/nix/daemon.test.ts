import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BuildFailed, BuildTimedOut } from '../errors.ts'
import { createTestNix, testEnvironment, type TestNix } from './testing.ts'

/** Nix by way of a daemon, as servers use it that do not run as root. */
async function createDaemonNix(t: TestContext, timeout: number): Promise<TestNix> {
  const { folder } = await createTestNix(t)
  const socket = join(folder, 'socket')
  const env = { NIX_REMOTE: 'daemon', NIX_DAEMON_SOCKET_PATH: socket }
  const daemon = spawn('nix-daemon', [], {
    env: { ...process.env, ...testEnvironment, NIX_DAEMON_SOCKET_PATH: socket },
    stdio: 'ignore',
  })
  t.after(() => daemon.kill())
  for (let tries = 0; tries < 1000 && !existsSync(socket); tries++) await sleep(10)
  return createTestNix(t, { timeout, env })
}

test('a daemon builds, and its log arrives', async (t) => {
  const { nix, instantiate, run, events } = await createDaemonNix(t, 60)
  const packages = await instantiate('{ a = make "a" "echo one; echo > $out" { }; }', ['a'])
  const root = await nix.realise(packages, run)
  const derivation = packages[0]?.derivation ?? ''
  assert.deepEqual(
    events.filter((event) => event.kind === 'log' && event.derivation),
    [{ kind: 'log', line: 'one', derivation }],
  )
  const outputs = packages.flatMap((one) => one.outputs.map(({ path }) => path))
  assert.deepEqual(
    (await nix.closure(outputs, run)).map(({ path }) => path),
    outputs,
  )
  await root.release()
})

test('a build that fails at the daemon names the derivation that failed, with the end of its log', async (t) => {
  const { nix, instantiate, run } = await createDaemonNix(t, 60)
  const set = '{ dependent = ok "dependent" { bad = make "bad" "echo so; exit 3" { }; }; }'
  await assert.rejects(nix.realise(await instantiate(set, ['dependent']), run), (error) => {
    assert.ok(error instanceof BuildFailed && !(error instanceof BuildTimedOut))
    assert.match(error.derivation ?? '', /-bad-[^/]*\.drv$/)
    assert.match(error.message, /bad-.*exit code 3$/)
    assert.deepEqual(error.logTail, ['so'])
    return true
  })
})

test('a builder of a daemon that is over time is its own error', async (t) => {
  const { nix, instantiate, run } = await createDaemonNix(t, 1)
  const packages = await instantiate('{ a = make "slow" "echo started; sleep 1000; :" { }; }', ['a'])
  await assert.rejects(nix.realise(packages, run), (error) => {
    assert.ok(error instanceof BuildTimedOut)
    assert.match(error.message, /timed out after 1 seconds/)
    return true
  })
})

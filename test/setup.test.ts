import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isFreePort } from '../setup/pullHint.js'

const root = join(import.meta.dirname, '..')
const work = mkdtempSync(join(tmpdir(), 'setup-'))
after(() => rmSync(work, { recursive: true }))

const clone = join(work, 'clone')
for (const part of ['bin', 'setup', 'demo', 'package.json', 'package-lock.json']) {
  cpSync(join(root, part), join(clone, part), { recursive: true })
}
const nobody = 65_534
const onlyNode = join(work, 'bin')
mkdirSync(onlyNode)
symlinkSync(process.execPath, join(onlyNode, 'node'))
chmodSync(work, 0o755)

function contents(): readonly string[] {
  return readdirSync(clone, { recursive: true, encoding: 'utf8' }).toSorted()
}

function run(script: string, path: string, user?: number) {
  const before = contents()
  const owner = user === undefined ? {} : { uid: user, gid: user }
  const env = { PATH: path }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, 'setup', script)], {
    encoding: 'utf8',
    env,
    ...owner,
  })
  assert.equal(stderr, '')
  assert.deepEqual(contents(), before, 'nothing may change')
  return { status, stdout }
}

for (const script of ['start.js', 'test.js']) {
  test(`${script} names all that is missing, and changes nothing, where nothing can be installed`, () => {
    const { status, stdout } = run(script, onlyNode)
    assert.equal(status, 1)
    assert.match(stdout, /npm is not on the PATH/)
    assert.match(stdout, /nix-instantiate, nix-store.* no apt-get/)
    assert.match(stdout, /demo package set: .*NIXERY_CHANNEL/)
  })
}

test('a user who may not write here is told so, and nothing changes', (t) => {
  const obstacle = whyOthersCannotRun()
  if (obstacle !== undefined) return t.skip(obstacle)
  const { status, stdout } = run('start.js', '/usr/bin:/bin', nobody)
  assert.equal(status, 1)
  assert.match(stdout, /Nothing was installed or changed/)
  assert.match(stdout, /is not writable for this user/)
})

/** Why another user cannot run the clone's scripts; undefined if one can. */
function whyOthersCannotRun(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can start programs as another user'
  const look = `require('node:fs').accessSync(${JSON.stringify(join(clone, 'setup'))})`
  const { status } = spawnSync(process.execPath, ['--eval', look], { uid: nobody, gid: nobody })
  if (status === 0) return undefined
  return `other users cannot enter the folder of ${process.execPath} or ${clone}`
}

test('a program that was asked to stop tells its exit code', async () => {
  const script = `
    import { runToTheEnd } from ${JSON.stringify(join(root, 'bin', 'newerNode.js'))}
    // The program says that it is up only when its starter has had time to listen to signals.
    const loop = 'trap "exit 7" TERM; sleep 0.5; echo up; n=0; while [ $((n+=1)) -lt 600 ]; do sleep 0.05; done'
    process.exitCode = await runToTheEnd('sh', ['-c', loop])`
  const outer = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(outer.stdout, 'data')
  outer.kill('SIGTERM')
  assert.deepEqual(await once(outer, 'exit'), [7, null])
})

test('a port that somebody listens on is not free', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  assert.equal(await isFreePort('127.0.0.1', String(address.port)), false)
  server.close()
  await once(server, 'close')
  assert.equal(await isFreePort('127.0.0.1', String(address.port)), true)
  assert.equal(await isFreePort('127.0.0.1', 'none'), false)
})

test('the counts are the last lines of a test run, also when a test fails', () => {
  const file = join(work, 'fails.test.mjs')
  writeFileSync(
    file,
    `import { test } from 'node:test'; test('a', () => {}); test('b', () => { throw new Error('no') })`,
  )
  const reporter = join(root, 'setup', 'testReporter.js')
  const args = ['--test', `--test-reporter=${reporter}`, '--test-reporter-destination=stdout', file]
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env })
  assert.equal(status, 1)
  assert.match(stdout, /✖ b[^]*Error: no/)
  assert.match(
    stdout,
    /\nℹ tests 2\nℹ suites 0\nℹ pass 1\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\nℹ duration_ms .*\n$/,
  )
})

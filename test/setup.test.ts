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
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { pathWithNewerNix, unpackedNix, unpackedNixVersion } from '../bin/newerNix.js'
import { chooseNix } from '../setup/newerNix.js'
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

function run(
  script: string,
  path: string,
  { user, variables }: { user?: number; variables?: Readonly<Record<string, string>> } = {},
) {
  const before = contents()
  const owner = user === undefined ? {} : { uid: user, gid: user }
  const env = { ...variables, PATH: path }
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
  const { status, stdout } = run('start.js', '/usr/bin:/bin', { user: nobody })
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

test('a machine that is no Debian is told which Nix to install for a real package set', () => {
  const { status, stdout } = run('start.js', onlyNode, { variables: { NIXERY_CHANNEL: 'nixos-unstable' } })
  assert.equal(status, 1)
  assert.match(stdout, /Nix 2\.18 or newer: this machine has none, .*Install it/)
  assert.doesNotMatch(stdout, /demo package set/)
})

const [real, demo] = [{ demo: false }, { demo: true }]
const bare = { machine: undefined, unpacked: undefined, candidate: () => undefined, debian: true }
const notAsked = () => assert.fail('the package manager need not be asked')

test('a real package set needs Nix 2.18: the one that is there, else a package, else an unpacked one', () => {
  assert.equal(chooseNix(real, { ...bare, machine: '2.18.1', candidate: notAsked }), 'there')
  assert.equal(chooseNix(real, { ...bare, machine: '3.0.0', candidate: notAsked }), 'there')
  assert.equal(chooseNix(real, { ...bare, machine: '2.8.0', unpacked: '2.26.3' }), 'there')
  assert.equal(chooseNix(real, { ...bare, unpacked: '2.26.3', candidate: notAsked }), 'there')
  assert.equal(chooseNix(real, { ...bare, candidate: () => '2.26' }), 'install')
  assert.equal(chooseNix(real, { ...bare, candidate: () => '2.8' }), 'unpack')
  assert.equal(chooseNix(real, { ...bare, machine: '2.8.0', candidate: () => '2.26' }), 'unpack')
  assert.equal(chooseNix(real, { ...bare, machine: '2.8.0', unpacked: '2.17.0' }), 'unpack')
  assert.equal(chooseNix(real, { ...bare, debian: false }), 'impossible')
  assert.equal(chooseNix(real, { ...bare, machine: '2.8.0', debian: false }), 'impossible')
})

test('any Nix serves the demo set, and none is unpacked for it', () => {
  assert.equal(chooseNix(demo, { ...bare, machine: '2.8.0', candidate: notAsked }), 'there')
  assert.equal(chooseNix(demo, { ...bare, unpacked: '2.26.3', candidate: notAsked }), 'there')
  assert.equal(chooseNix(demo, { ...bare, candidate: notAsked }), 'install')
})

const unpacked = unpackedNixVersion()

test(
  'an unpacked Nix is found where the PATH has none that is new enough',
  { skip: unpacked === undefined },
  () => {
    assert.equal(pathWithNewerNix('/nowhere'), `${join(unpackedNix, 'bin')}:/nowhere`)
    assert.equal(pathWithNewerNix(undefined), join(unpackedNix, 'bin'))
    const already = `${join(unpackedNix, 'bin')}:/usr/bin`
    assert.equal(pathWithNewerNix(already), already)
  },
)

test('a folder that was moved or lost a part is never used', { skip: unpacked === undefined }, () => {
  const moved = join(clone, 'var', 'nix', basename(unpackedNix))
  cpSync(unpackedNix, moved, { recursive: true, verbatimSymlinks: true })
  rmSync(join(moved, 'lib'), { recursive: true })
  const script = `
    import { pathWithNewerNix, unpackedNixVersion } from ${JSON.stringify(join(clone, 'bin', 'newerNix.js'))}
    console.log(pathWithNewerNix('/nowhere'), unpackedNixVersion())`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  })
  rmSync(join(clone, 'var'), { recursive: true })
  assert.equal(stdout, '/nowhere undefined\n')
})

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

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { BuildFailed, BuildTimedOut, NixFailed } from '../errors.ts'
import { DerivationMissing } from './failures.ts'
import { createTestNix, testEnvironment } from './testing.ts'
import { toStorePath } from '../store/storePath.ts'
import type { Package } from '../store/package.ts'

const exec = promisify(execFile)

async function nixStore(...args: readonly string[]): Promise<string> {
  const { stdout } = await exec('nix-store', [...args], { env: { ...process.env, ...testEnvironment } })
  return stdout
}

test('outputs are built, and held until they are released', async (t) => {
  const { nix, instantiate, run, stateDir } = await createTestNix(t)
  const packages = await instantiate('{ a = ok "a" { outputs = [ "out" "dev" ]; }; b = ok "b" { }; }', [
    'a.out',
    'a.dev',
    'b',
  ])
  const root = await nix.realise(packages, run)
  for (const one of packages) {
    assert.equal(await readFile(one.outputs[0]?.path ?? '', 'utf8'), `${one.name}\n`)
  }
  const [folder = ''] = await readdir(join(stateDir, 'gcroots'))
  const links = await readdir(join(stateDir, 'gcroots', folder))
  const targets = await Promise.all(links.map((link) => readlink(join(stateDir, 'gcroots', folder, link))))
  assert.deepEqual(
    targets.toSorted(),
    packages.flatMap(({ outputs }) => outputs.map(({ path }) => path)).toSorted(),
  )
  const roots = await nixStore('--query', '--roots', packages[0]?.outputs[0]?.path ?? '')
  assert.match(roots, new RegExp(folder))
  await root.release()
  await root.release()
  assert.deepEqual(await readdir(join(stateDir, 'gcroots')), [])
})

test('what is built and what builders write arrives as it happens, from both pipes', async (t) => {
  const { nix, instantiate, run, events } = await createTestNix(t)
  const packages = await instantiate('{ a = make "a" "echo one; echo two >&2; echo > $out" { }; }', ['a'])
  await nix.realise(packages, run)
  const [a] = packages
  const derivation = a?.derivation ?? ''
  assert.deepEqual(
    events.filter((event) => event.kind !== 'log' || event.derivation),
    [
      { kind: 'build', derivation },
      { kind: 'log', line: 'one', derivation },
      { kind: 'log', line: 'two', derivation },
    ],
  )
})

test('a builder that writes megabytes, in lines and in one line, does not hang', async (t) => {
  const { nix, instantiate, run, events } = await createTestNix(t)
  const script = "seq 1 200000 >&2; head -c 1000000 /dev/zero | tr '\\\\0' x; echo; echo end; echo > $out"
  await nix.realise(await instantiate(`{ a = make "a" "${script}" { }; }`, ['a']), run)
  const lines = events.flatMap((event) => (event.kind === 'log' && event.derivation ? [event.line] : []))
  assert.ok(lines.includes('200000'))
  assert.ok(lines.includes('end'))
  const longest = events
    .map((event) => (event.kind === 'log' ? event.line.length : 0))
    .reduce((a, b) => Math.max(a, b))
  assert.ok(longest > 60_000 && longest < 300_000, `the longest line has ${longest}`)
})

test('a failed build names the derivation that failed, not the one that was asked for, with the end of its log', async (t) => {
  const { nix, instantiate, run, stateDir } = await createTestNix(t)
  const set = `rec {
    bad = make "bad" "seq 1 100; exit 3" { };
    dependent = ok "dependent" { inherit bad; };
  }`
  await assert.rejects(nix.realise(await instantiate(set, ['dependent']), run), (error) => {
    assert.ok(error instanceof BuildFailed && !(error instanceof BuildTimedOut))
    assert.match(error.derivation ?? '', /-bad-[^/]*\.drv$/)
    assert.match(error.message, /bad-.*exit code 3$/)
    assert.equal(error.logTail.length, 40)
    assert.equal(error.logTail.at(-1), '100')
    return true
  })
  assert.deepEqual(await readdir(join(stateDir, 'gcroots')), [])
})

test('a builder over time is its own error, and is really gone', async (t) => {
  const { nix, instantiate, run } = await createTestNix(t, { timeout: 1 })
  const [slow] = await instantiate(
    '{ a = make "slow" "echo started; sleep 1000 & sleep 1000; : $name" { }; }',
    ['a'],
  )
  assert.ok(slow)
  await assert.rejects(nix.realise([slow], run), (error) => {
    assert.ok(error instanceof BuildTimedOut)
    assert.equal(error.derivation, slow.derivation)
    assert.match(error.message, /timed out after 1 seconds/)
    assert.deepEqual(error.logTail, ['started'])
    return true
  })
  assert.deepEqual(await buildersOf(slow), [])
})

/** Builders run in a folder named by their derivation. */
async function buildersOf({ name }: Package): Promise<readonly string[]> {
  const folders = await Promise.all(
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')),
  )
  return folders.filter((folder) => folder.includes(`nix-build-${name}`))
}

test('an abort ends the builder and all that it started', async (t) => {
  const { nix, instantiate } = await createTestNix(t)
  const script = 'echo started; sh -c \\"sleep 1000 & sleep 1000\\" & sleep 1000; :'
  const [slow] = await instantiate(`{ a = make "slow" "${script}" { }; }`, ['a'])
  assert.ok(slow)
  const controller = new AbortController()
  let builders: Promise<readonly string[]> | undefined
  const run = {
    signal: controller.signal,
    onEvent: (event: { kind: string; line?: string }) => {
      if (event.line !== 'started') return
      builders = buildersOf(slow)
      void builders.then(() => controller.abort(new Error('enough')))
    },
  }
  await assert.rejects(nix.realise([slow], run), { message: 'enough' })
  assert.notDeepEqual(await builders, [])
  for (let tries = 0; tries < 500 && (await buildersOf(slow)).length > 0; tries++) await sleep(10)
  assert.deepEqual(await buildersOf(slow), [])
})

test('a build for a machine that is not there is a failed build', async (t) => {
  const { nix, instantiate, run } = await createTestNix(t)
  const packages = await instantiate('{ a = ok "a" { system = "riscv64-linux"; }; }', ['a'])
  await assert.rejects(
    nix.realise(packages, run),
    (error) => error instanceof BuildFailed && /riscv64-linux/.test(error.message),
  )
})

test('a derivation that was collected does not matter while its output is there', async (t) => {
  const { nix, instantiate, run } = await createTestNix(t)
  const [a] = await instantiate('{ a = ok "a" { }; }', ['a'])
  assert.ok(a)
  await nix.realise([a], run)
  await nixStore('--delete', '--ignore-liveness', a.derivation)
  await (await nix.realise([a], run)).release()
  await nixStore('--delete', '--ignore-liveness', a.outputs[0]?.path ?? '')
  await assert.rejects(nix.realise([a], run), DerivationMissing)
})

test('the closure has every path that is needed, with its references but not itself', async (t) => {
  const { nix, instantiate, run } = await createTestNix(t)
  const set = `rec {
    base = make "base" "echo $out > $out" { };
    tool = make "tool" "echo $base $out > $out" { inherit base; };
    other = ok "other" { };
  }`
  const packages = await instantiate(set, ['tool', 'other', 'base'])
  await nix.realise(packages, run)
  const [tool, other, base] = packages.map(({ outputs }) => outputs[0]?.path ?? toStorePath(''))
  assert.ok(tool && other && base)
  const closure = await nix.closure([tool, other], run)
  assert.deepEqual(
    closure.map(({ path }) => path),
    [tool, other, base].toSorted(),
  )
  assert.deepEqual(closure.find(({ path }) => path === tool)?.references, [base])
  assert.deepEqual(closure.find(({ path }) => path === base)?.references, [])
  for (const { path, narHash, narSize } of closure) {
    const hash = (await exec('nix-hash', ['--type', 'sha256', path])).stdout.trim()
    assert.equal(narHash, `sha256:${hash}`)
    assert.ok(narSize > path.length)
  }
})

test('the closure of a path that is not there is an error', async (t) => {
  const { nix, run } = await createTestNix(t)
  const path = toStorePath('/nix/store/00000000000000000000000000000000-none')
  await assert.rejects(nix.closure([path], run), NixFailed)
  assert.deepEqual(await nix.closure([], run), [])
})

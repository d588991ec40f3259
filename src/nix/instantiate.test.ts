import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { NixFailed } from '../errors.ts'
import { hashPart, toStorePath } from '../store/storePath.ts'
import { DerivationMissing } from './failures.ts'
import { GcRoots } from './gcRoots.ts'
import { createLocalStore } from './localStore.ts'
import { createTestNix, testEnvironment, writeSet } from './testing.ts'

const exec = promisify(execFile)
const env = { ...process.env, ...testEnvironment }

/** A set whose derivations refer to its files, in all ways in which sets do. */
const body = `{ system, ... }: rec {
  file = ok "file" { inherit system; script = ./builder.sh; };
  folder = ok "folder" { inherit system; sources = ./sources; };
  text = ok "text" { inherit system; script = "\${./sources}/a"; };
  named = ok "named" { inherit system; sources = builtins.path { path = ./sources; name = "other"; }; };
  filtered = ok "filtered" { inherit system; sources = builtins.filterSource (path: type: baseNameOf path != "b") ./sources; };
  written = ok "written" { inherit system; script = builtins.toFile "script" "echo written"; };
  whole = ok "whole" { inherit system; set = ./.; };
  read = ok "read" { inherit system; content = builtins.readFile ./builder.sh; };
  all = ok "all" { inherit system file folder text named filtered written; };
}`
const attributes = ['file', 'folder', 'text', 'named', 'filtered', 'written', 'whole', 'read', 'all']

async function setUp(t: TestContext) {
  const tested = await createTestNix(t)
  const set = await writeSet(tested.folder, body)
  await mkdir(join(set, 'sources'))
  await writeFile(join(set, 'builder.sh'), 'echo > $out\n')
  await chmod(join(set, 'builder.sh'), 0o755)
  await writeFile(join(set, 'sources/a'), 'a')
  await writeFile(join(set, 'sources/b'), 'b')
  await symlink('a', join(set, 'sources/link'))
  const query = { location: { kind: 'path', path: set }, system: 'x86_64-linux', attributes } as const
  return { ...tested, set, query }
}

test('files of a set have the same store paths without a store, with an own store, and in the local store', async (t) => {
  const { nix, query, run, set } = await setUp(t)
  const evaluated = await nix.evaluate(query, run)
  const plain = attributes.map((name) => `(import ${set} { system = "x86_64-linux"; }).${name}.drvPath`)
  const { stdout } = await exec(
    'nix-instantiate',
    ['--eval', '--strict', '--json', '--read-write-mode', '--expr', `[ ${plain.join(' ')} ]`],
    { env },
  )
  assert.deepEqual(
    evaluated.map(({ derivation }) => derivation),
    JSON.parse(stdout),
  )
  assert.deepEqual(await nix.instantiate(query, run), evaluated)
})

test('what is evaluated is built only after it was instantiated', async (t) => {
  const { nix, query, run } = await setUp(t)
  const packages = await nix.evaluate(query, run)
  await assert.rejects(nix.realise(packages, run), DerivationMissing)
  assert.deepEqual(await nix.instantiate(query, run), packages)
  const root = await nix.realise(packages, run)
  await root.release()
  // Outputs that are there need no derivation.
  await exec('nix-store', ['--delete', '--ignore-liveness', packages[7]?.derivation ?? ''], { env })
  await (await nix.realise(packages, run)).release()
})

test('the evaluators leave no file behind', async (t) => {
  const { nix, query, run, stateDir } = await setUp(t)
  await nix.instantiate(query, run)
  await assert.rejects(nix.instantiate({ ...query, attributes: ['missing'] }, run))
  const [own = ''] = await readdir(join(stateDir, 'evaluators'))
  const folders = await readdir(join(stateDir, 'evaluators', own))
  assert.deepEqual(folders.toSorted(), ['expressions', 'root', 'settings'])
  await nix.close()
  assert.deepEqual(await readdir(join(stateDir, 'evaluators')), [])
})

test('the local store takes nothing of an evaluator whose name is not the hash of its content', async (t) => {
  const { nix, query, run, folder, stateDir } = await setUp(t)
  const packages = await nix.instantiate({ ...query, attributes: ['read'] }, run)
  const derivation = packages[0]?.derivation ?? toStorePath('')
  const cache = join(folder, 'cache')
  const nixCommand = ['--extra-experimental-features', 'nix-command']
  const to = `file://${cache}?compression=none`
  await exec('nix', [...nixCommand, 'copy', '--derivation', '--to', to, derivation], { env })
  await exec('nix-store', ['--delete', '--ignore-liveness', derivation], { env })
  const info = join(cache, `${hashPart(derivation)}.narinfo`)
  const text = await readFile(info, 'utf8')
  const archive = join(cache, /^URL: (.*)$/m.exec(text)?.[1] ?? '')
  const forged = (await readFile(archive)).toString('latin1').replace('/bin/sh', '/bin/mv')
  await writeFile(archive, forged, 'latin1')
  const hash = `sha256:${createHash('sha256').update(forged, 'latin1').digest('hex')}`
  await writeFile(info, text.replace(/^(FileHash|NarHash): .*$/gm, `$1: ${hash}`))
  const store = createLocalStore(new GcRoots(stateDir), { timeout: 60, stateDir, env: testEnvironment })
  const release = async () => {}
  await assert.rejects(store.add({ packages, cache: `file://${cache}`, release }, run), (error) => {
    assert.ok(error instanceof NixFailed)
    assert.match(error.message, /hash mismatch|signature/)
    return true
  })
  await assert.rejects(exec('nix-store', ['--check-validity', derivation], { env }))
})

import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { InvalidData } from '../errors.ts'
import { readConfigFile } from './nixpkgsConfig.ts'
import { createAskedNix, writeSet } from './testing.ts'

/** A package set that answers with the configuration that it gets, as Nixpkgs reads it. */
const body = `{ system, config, ... }:
  let
    plain = if !(config ? __functor) then config else config { pkgs.hint = "of a function"; };
    shown = removeAttrs plain [ "allowInsecurePredicate" ] // {
      insecure = (plain.allowInsecurePredicate or (name: false)) "any";
    };
  in {
    a = derivation { name = "a"; inherit system; builder = "/bin/sh"; } // { version = builtins.toJSON shown; };
  }`

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755)
  const configFor = async (environment: Readonly<Record<string, string>>, set = body) => {
    const asked = await createAskedNix(t, await writeSet(folder, set), { evaluators: 0, environment })
    const lines: string[] = []
    const answer = await asked.ask('a', (event) => event.kind === 'log' && lines.push(event.line))
    const [found] = JSON.parse(answer) as readonly { readonly version?: string }[]
    return { config: JSON.parse(found?.version ?? '{}') as unknown, lines }
  }
  return { folder, configFor }
}

const nothing = { insecure: false }
const cases: readonly (readonly [environment: Record<string, string>, config: object])[] = [
  [{}, nothing],
  [{ NIXPKGS_ALLOW_UNFREE: '1' }, { ...nothing, allowUnfree: true }],
  [{ NIXPKGS_ALLOW_BROKEN: '1' }, { ...nothing, allowBroken: true }],
  [{ NIXPKGS_ALLOW_INSECURE: '1' }, { allowInsecure: true, insecure: true }],
  [{ NIXPKGS_ALLOW_UNSUPPORTED_SYSTEM: '1' }, { ...nothing, allowUnsupportedSystem: true }],
  [{ NIXPKGS_ALLOW_UNFREE: '0', NIXPKGS_ALLOW_BROKEN: 'yes' }, nothing],
  [{ NIXPKGS_CONFIG: '{ allowBroken = false; own = 1; }' }, { ...nothing, allowBroken: false, own: 1 }],
  [{ NIXPKGS_CONFIG: '{ pkgs, ... }: { own = pkgs.hint; }' }, { ...nothing, own: 'of a function' }],
  [
    { NIXPKGS_CONFIG: '{ pkgs }: { own = pkgs.hint; }', NIXPKGS_ALLOW_UNFREE: '1' },
    { ...nothing, own: 'of a function', allowUnfree: true },
  ],
]

test('variables of Nixpkgs reach the package set as its configuration', async (t) => {
  const { configFor } = await setUp(t)
  for (const [environment, expected] of cases) {
    const { config, lines } = await configFor(environment)
    assert.deepEqual(config, expected, JSON.stringify(environment))
    assert.deepEqual(lines, [])
  }
})

test('variables that cannot reach the package set are named', async (t) => {
  const { configFor } = await setUp(t)
  const set = '{ system }: { a = derivation { name = "a"; inherit system; builder = "/bin/sh"; }; }'
  const environment = { NIXPKGS_ALLOW_UNFREE: '1', NIXPKGS_CONFIG: '{ }', NIXPKGS_ALLOW_BROKEN: '0' }
  assert.deepEqual((await configFor(environment, set)).lines, [
    "the package set takes no argument 'config', so these variables have no effect: NIXPKGS_ALLOW_UNFREE, NIXPKGS_CONFIG",
  ])
  assert.deepEqual((await configFor({ NIXPKGS_OTHER: '1' })).lines, [
    'package sets cannot read the environment, so these variables have no effect: NIXPKGS_OTHER',
  ])
})

test('what a configuration file says is part of the environment, instead of where it lies', async (t) => {
  const { folder } = await setUp(t)
  const file = join(folder, 'config.nix')
  await writeFile(file, '{ allowUnfree = true; }')
  assert.deepEqual(await readConfigFile({ NIXPKGS_CONFIG: file, NIXPKGS_ALLOW_BROKEN: '1' }), {
    NIXPKGS_CONFIG: '{ allowUnfree = true; }',
    NIXPKGS_ALLOW_BROKEN: '1',
  })
  await assert.rejects(readConfigFile({ NIXPKGS_CONFIG: join(folder, 'none') }), (error) => {
    assert.ok(error instanceof InvalidData)
    assert.match(error.message, /^NIXPKGS_CONFIG names .*\/none, which cannot be read/)
    return true
  })
})

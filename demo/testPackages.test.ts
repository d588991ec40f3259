import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeSet, run } from './testing.ts'

const set = makeSet()
writeFileSync(join(set, 'salt'), randomUUID())

const evaluate = (expression: string, env: NodeJS.ProcessEnv = {}) =>
  run(
    'nix-instantiate',
    ['--eval', '--strict', '--json', '--expr', `with import ${set} { }; ${expression}`],
    {
      ...process.env,
      ...env,
    },
  )
const realise = (attribute: string, ...options: string[]) =>
  run('nix-build', [set, '--no-out-link', '--option', 'substitute', 'false', '-A', attribute, ...options])

const refused = [
  {
    attribute: 'demo-unfree',
    sentence: /has an unfree license \(‘unfree’\), refusing to evaluate/,
    allow: 'UNFREE',
  },
  { attribute: 'demo-broken', sentence: /is marked as broken, refusing to evaluate/, allow: 'BROKEN' },
  { attribute: 'demo-insecure', sentence: /is marked as insecure, refusing to evaluate/, allow: 'INSECURE' },
]

for (const { attribute, sentence, allow } of refused) {
  test(`${attribute} can be described, but not evaluated unless it is allowed`, () => {
    const described = evaluate(`[ ${attribute}.name ${attribute}.meta.description ]`)
    assert.equal(described.status, 0, described.stderr)
    const { status, stderr } = evaluate(`${attribute}.drvPath`)
    assert.equal(status, 1)
    assert.match(stderr, sentence)
    assert.equal(evaluate(`${attribute}.drvPath`, { [`NIXPKGS_ALLOW_${allow}`]: '1' }).status, 0)
  })
}

test('demo-fails says what went wrong and fails', () => {
  const { status, stderr } = realise('demo-fails')
  assert.notEqual(status, 0)
  assert.match(stderr, /error: the demo fails/)
})

test('demo-hangs ends only by a time limit', () => {
  const { status, stderr } = realise('demo-hangs', '--timeout', '2')
  assert.notEqual(status, 0)
  assert.match(stderr, /timed out/)
})

test('demo-noisy writes a megabyte and succeeds', () => {
  const { status, stderr } = realise('demo-noisy')
  assert.equal(status, 0)
  assert.ok(stderr.length > 1e6)
})

test('packages say what nixpkgs says of them', () => {
  const { stdout } = evaluate(
    '{ inherit (git) pname version meta outputs; of = python3Packages.requests.pname; }',
  )
  const { meta, ...git } = JSON.parse(stdout)
  assert.deepEqual(
    { ...git, version: '' },
    { pname: 'git', version: '', outputs: ['out'], of: 'python3-requests' },
  )
  assert.deepEqual(
    [meta.mainProgram, meta.license.spdxId, meta.outputsToInstall],
    ['git', 'GPL-2.0-only', ['out']],
  )
})

test('an overlay changes the set', () => {
  const expression =
    '(import ' + set + ' { overlays = [ (final: prev: { git = final.hello; }) ]; }).git.pname'
  assert.equal(JSON.parse(evaluate(expression).stdout), 'hello')
})

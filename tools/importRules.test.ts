import assert from 'node:assert/strict'
import { test } from 'node:test'
import { circles, forbiddenImports, unknownModules } from './importRules.ts'
import { importTable } from './importTable.ts'

const value = { line: 3, typeOnly: false }
const type = { line: 3, typeOnly: true }

function faults(from: string, to: string, how: { line: number; typeOnly: boolean }): string[] {
  return forbiddenImports([{ from, to, ...how }], importTable)
}

test('a module may import its own files and what the table grants it', () => {
  assert.deepEqual(faults('src/nix/realise.ts', 'src/nix/nix.ts', value), [])
  assert.deepEqual(faults('src/storage/tiered/tiers.ts', 'src/oci/digest.ts', value), [])
  assert.deepEqual(faults('src/http/errors.ts', 'src/errors.ts', value), [])
  assert.deepEqual(faults('src/commands/serve.ts', 'src/http/server.ts', value), [])
})

test('an import that the table does not grant is told with its place', () => {
  assert.deepEqual(faults('src/http/pages.ts', 'src/nix/nix.ts', type), [
    'src/http/pages.ts:3: http may not import nix',
  ])
  assert.deepEqual(faults('src/process/run.ts', 'src/oci/digest.ts', value), [
    'src/process/run.ts:3: process may not import oci',
  ])
})

test('the configuration may import the types of all rooms, and nothing of them that runs', () => {
  assert.deepEqual(faults('src/config/config.ts', 'src/gc/policy.ts', type), [])
  assert.deepEqual(faults('src/config/config.ts', 'src/gc/policy.ts', value), [
    'src/config/config.ts:3: config may import only types of gc',
  ])
})

test('the product imports neither tests, nor what tests share, nor what is outside of src', () => {
  assert.equal(faults('src/nix/nix.ts', 'src/nix/nix.test.ts', value).length, 1)
  assert.equal(faults('src/nix/nix.ts', 'src/nix/testing.ts', value).length, 1)
  assert.equal(faults('src/nix/nix.ts', 'src/storage/memory.testing.ts', value).length, 1)
  assert.equal(faults('src/nix/nix.ts', 'test/helper.ts', value).length, 1)
})

test('tests and other folders import what they like', () => {
  assert.deepEqual(faults('src/oci/digest.test.ts', 'src/http/server.ts', value), [])
  assert.deepEqual(faults('src/oci/testing.ts', 'src/http/testing.ts', value), [])
  assert.deepEqual(faults('test/pull.test.ts', 'src/http/server.ts', value), [])
})

test('a folder that the table does not know is a fault', () => {
  assert.deepEqual(unknownModules(['src/oci/digest.ts', 'src/helpers/a.ts', 'test/b.ts'], importTable), [
    'helpers is not in the import table',
  ])
})

test('a circle is told once, with its files in order', () => {
  const edge = (from: string, to: string) => ({ from, to, ...type })
  assert.deepEqual(circles([edge('a', 'b'), edge('b', 'c'), edge('c', 'b'), edge('a', 'c')]), [
    'circle: b -> c -> b',
  ])
  assert.deepEqual(circles([edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd')]), [])
})

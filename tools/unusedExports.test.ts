import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unusedExports } from './unusedExports.ts'

const file = 'src/oci/digest.ts'

/** What is found wrong with one export of a file, which these files import. */
function faults(importers: readonly string[], more: { file?: string; internal?: string } = {}): string[] {
  const imports = importers.map((from) => ({
    from,
    to: more.file ?? file,
    line: 1,
    typeOnly: false,
    names: ['digestOf'],
  }))
  return unusedExports([{ file, name: 'digestOf', line: 7, ...more }], imports)
}

test('an export that a file of the product, a tool or a benchmark imports is fine', () => {
  for (const from of ['src/http/blobs.ts', 'bench/run.ts', 'tools/imports.ts']) {
    assert.deepEqual(faults([from]), [])
  }
})

test('an export that nobody imports is a fault, also in what tests share', () => {
  assert.deepEqual(faults([]), ['src/oci/digest.ts:7: nobody imports digestOf: do not export it'])
  assert.equal(faults([], { file: 'src/oci/testing.ts' }).length, 1)
})

test('an export that only tests import is a fault, unless tests share the file or its comment says why', () => {
  for (const from of [
    'src/oci/digest.test.ts',
    'src/oci/testing.ts',
    'test/cli.test.ts',
    'test/gc/pull.ts',
  ]) {
    assert.match(faults([from])[0] ?? '', /^src\/oci\/digest\.ts:7: only tests import digestOf/)
    assert.deepEqual(faults([from], { file: 'src/oci/testing.ts' }), [])
    assert.deepEqual(faults([from], { internal: 'Tests count the calls.' }), [])
    assert.match(faults([from], { internal: '' })[0] ?? '', /lacks a reason/)
  }
})

test('an export that the product imports is not for tests alone, whatever its comment says', () => {
  assert.match(faults(['src/http/blobs.ts'], { internal: 'For tests.' })[0] ?? '', /is not @internal/)
})

test('who imports a whole file may use all of it; a name of another file is another name', () => {
  const exports = [{ file, name: 'digestOf', line: 7 }]
  const whole = { from: 'src/http/blobs.ts', to: file, line: 1, typeOnly: false }
  assert.deepEqual(unusedExports(exports, [whole]), [])
  const other = { ...whole, to: 'src/oci/index.ts', names: ['digestOf'] }
  assert.equal(unusedExports(exports, [other]).length, 1)
})

test('what is outside of src is left alone', () => {
  assert.deepEqual(faults([], { file: 'tools/imports.ts' }), [])
  assert.equal(faults([], { file: 'src/nixery.ts' }).length, 1)
})

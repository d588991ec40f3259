import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../oci/entry.ts'
import { checkEntries } from './checkEntries.ts'

function directory(path: string): Entry {
  return { kind: 'directory', path, mode: 0o755 }
}

function link(path: string): Entry {
  return { kind: 'link', path, target: 'x' }
}

test('parents that come before what is in them are accepted', () => {
  assert.doesNotThrow(() =>
    checkEntries([directory('usr'), directory('usr/bin'), link('usr/bin/env'), link('bin')]),
  )
})

const refused: readonly (readonly [why: RegExp, entries: readonly Entry[]])[] = [
  [/'usr\/bin' does not come after a directory 'usr'/, [directory('usr/bin'), directory('usr')]],
  [/'bin\/sh' does not come after a directory 'bin'/, [link('bin'), link('bin/sh')]],
  [/'bin' comes twice/, [directory('bin'), link('bin')]],
  ...['/bin', 'bin/', '', '.', 'a//b', 'a/../b', './a', 'a\0b'].map(
    (path) => [/not a plain relative path/, [directory('a'), link(path)]] as const,
  ),
]

for (const [why, entries] of refused) {
  test(`entries are refused: ${why.source}, as in ${JSON.stringify(entries.map(({ path }) => path))}`, () => {
    assert.throws(() => checkEntries(entries), { name: 'TypeError', message: why })
  })
}

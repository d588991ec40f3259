import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toStorePath } from '../store/storePath.ts'
import { countReferences } from './countReferences.ts'

test('each path that refers to a name counts, in all its builds; what counts one is left out', () => {
  const path = (digit: string, name: string) => toStorePath(`/nix/store/${digit.repeat(32)}-${name}`)
  const [one, rebuilt, user, other] = [path('0', 'x-1'), path('1', 'x-1'), path('2', 'y-1'), path('3', 'z-1')]
  const counts = countReferences([
    { path: user, size: 1, references: [one] },
    { path: other, size: 1, references: [rebuilt, user] },
  ])
  assert.deepEqual([...counts], [['x-1', 2]])
})

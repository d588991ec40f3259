import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NixFailed } from '../errors.ts'
import { parsePathInfos } from './pathInfos.ts'

const a = '/nix/store/00000000000000000000000000000000-a'
const b = '/nix/store/11111111111111111111111111111111-b'
const hash = '0123456789abcdef'.repeat(4)

test('a registration without deriver, with and without references, is read', () => {
  const text = [b, hash, '120', `${b}.drv`, '2', b, a, a, hash, '7', '', '0', ''].join('\n')
  assert.deepEqual(parsePathInfos(text), [
    { path: b, narHash: `sha256:${hash}`, narSize: 120, references: [a] },
    { path: a, narHash: `sha256:${hash}`, narSize: 7, references: [] },
  ])
  assert.deepEqual(parsePathInfos(''), [])
})

test('a registration that is cut or damaged is an error', () => {
  const whole = [a, hash, '7', '', '1', b, '']
  const damaged = [
    whole.slice(0, 4),
    whole.slice(0, 5),
    whole.with(0, 'a'),
    whole.with(1, 'sha256:x'),
    whole.with(2, '-1'),
    whole.with(5, 'b'),
  ]
  for (const lines of damaged)
    assert.throws(() => parsePathInfos(`${lines.join('\n')}\n`), NixFailed, lines.join('|'))
})

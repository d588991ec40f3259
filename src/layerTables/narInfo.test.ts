import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidData } from '../errors.ts'
import { parseNarInfo } from './narInfo.ts'

const [a, b] = ['0', '1'].map((digit) => `${digit.repeat(32)}-p${digit}`)
const narInfo = (references: string) =>
  `StorePath: /nix/store/${a}\nURL: nar/x.nar.xz\nCompression: xz\nNarHash: sha256:0\nNarSize: 42\n${references}\nSig: cache-1:x=\n`

test('path, size and references are read, less the one to itself', () => {
  const expected = { path: `/nix/store/${a}`, size: 42, references: [`/nix/store/${b}`] }
  assert.deepEqual(parseNarInfo(narInfo(`References: ${a} ${b}`), 'here'), expected)
})

test('a path without references has none, however the line ends', () => {
  for (const line of ['References: ', 'References:', 'Deriver: x.drv']) {
    assert.deepEqual(parseNarInfo(narInfo(line), 'here').references, [], line)
  }
})

test('what is no narinfo is refused, saying where it is from', () => {
  const wrong = ['', '<html>', narInfo('').replace('42', 'many'), narInfo('References: ../etc/passwd')]
  for (const text of [...wrong, narInfo('').replace('/nix/store', '/gnu/store')]) {
    assert.throws(
      () => parseNarInfo(text, 'here'),
      (error) => error instanceof InvalidData && error.message.startsWith('here '),
      text,
    )
  }
})

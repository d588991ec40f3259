import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCodec, memberSize, type CodecName } from './codec.ts'

const names: readonly CodecName[] = ['gzip', 'zstd', 'none']
const text = Buffer.from('a text that compresses '.repeat(10_000))

for (const name of names) {
  test(`what ${name} encodes it decodes, small and large, again and again`, () => {
    const codec = createCodec({ name })
    for (const content of [text, Buffer.from('x'), Buffer.alloc(memberSize, 'large'), text.subarray(5)]) {
      assert.deepEqual(Buffer.from(codec.decode(Uint8Array.from(codec.encode(content)))), content)
    }
  })
}

test('the level changes the bytes, and the identity with them', () => {
  for (const name of ['gzip', 'zstd'] as const) {
    const [low, high] = [1, 9].map((level) => createCodec({ name, level }))
    assert.ok(low && high && low.encode(text).length > high.encode(text).length)
    assert.notEqual(low.identity, high.identity)
    assert.equal(createCodec({ name, level: undefined }).identity, createCodec({ name }).identity)
  }
})

test('a damaged member is refused', () => {
  for (const name of ['gzip', 'zstd'] as const) {
    const codec = createCodec({ name })
    const member = Uint8Array.from(codec.encode(text))
    assert.throws(() => codec.decode(member.subarray(0, -5)))
  }
})

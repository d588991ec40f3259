import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { gzipMember, members } from './gzip.ts'

test('members are cut by size alone, however the bytes arrive', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 20 }))
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 16 }), (chunks, size) => {
      const cut = members(chunks, size)
        .map((member) => Buffer.from(member))
        .toArray()
      assert.deepEqual(Buffer.concat(cut), Buffer.concat(chunks))
      assert.ok(cut.slice(0, -1).every(({ length }) => length === size))
      assert.ok(cut.length === 0 || (cut.at(-1)?.length ?? 0) > 0)
    }),
  )
})

test('members in a row are one gzip file, for zlib and for gzip', () => {
  const content = Buffer.from('content '.repeat(100_000))
  const file = Buffer.concat(
    members([content], 2 ** 18)
      .map(gzipMember)
      .toArray(),
  )
  execFileSync('gzip', ['--test'], { input: file })
  assert.deepEqual(execFileSync('gzip', ['--decompress'], { input: file, maxBuffer: 2 ** 24 }), content)
  assert.deepEqual(gunzipSync(file), content)
})

test('the header has neither time, name nor system', () => {
  assert.equal(gzipMember(Buffer.from('x')).subarray(0, 10).toString('hex'), '1f8b08000000000000ff')
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { gunzipMember, gzipMember } from './gzip.ts'

const level = 6

test('members in a row are one gzip file, for zlib and for gzip', () => {
  const content = Buffer.from('content '.repeat(100_000))
  const file = Buffer.concat([
    gzipMember(content.subarray(0, 300_001), level),
    gzipMember(content.subarray(300_001), level),
  ])
  execFileSync('gzip', ['--test'], { input: file })
  assert.deepEqual(execFileSync('gzip', ['--decompress'], { input: file, maxBuffer: 2 ** 24 }), content)
  assert.deepEqual(gunzipSync(file), content)
})

test('the header has neither time, name nor system', () => {
  assert.equal(gzipMember(Buffer.from('x'), level).subarray(0, 10).toString('hex'), '1f8b08000000000000ff')
})

test('a member is no longer than it may be', () => {
  const member = gzipMember(Buffer.alloc(1000), level)
  assert.deepEqual(gunzipMember(member, 1000), Buffer.alloc(1000))
  assert.throws(() => gunzipMember(member, 999), RangeError)
})

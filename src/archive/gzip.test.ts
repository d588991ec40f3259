import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { defaultGzipLevel, gunzipMember, gzipMember, gzipVersion } from './gzip.ts'

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

/** Numbers that look random and compress, the same everywhere. */
function noise(size: number): Buffer {
  let state = 1
  return Buffer.from(
    Array.from({ length: size }, () => ((state = (state * 1_103_515_245 + 12_345) >>> 0) >>> 16) & 15),
  )
}

test('the bytes are these, whatever the machine: layers are known by them', () => {
  const member = gzipMember(noise(1 << 20), defaultGzipLevel)
  const digest = createHash('sha256').update(member).digest('hex')
  assert.deepEqual(
    [gzipVersion, digest],
    ['0.1.0', 'ca27634e7bdbd655ea670e6bca62e29d7d539a54473c1b411154244f9e127cb8'],
  )
})

test('the compressor leaves the handlers of the process alone', () => {
  // A process of its own: the test runner has handlers too.
  const program = `import { gzipMember } from ${JSON.stringify(new URL('gzip.ts', import.meta.url))}
    gzipMember(Buffer.from('x'), 2)
    console.log(process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection'))`
  assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', program]).toString(), '0\n')
})

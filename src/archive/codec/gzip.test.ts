import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it, test } from 'node:test'
import { gunzipSync, crc32 as zlibCrc32 } from 'node:zlib'
import {
  createGzipEncoder,
  defaultGzipLevel,
  gunzipMember,
  gzipVersion,
  systemGzipEncoder,
  wasmGzipEncoder,
} from './gzip.ts'
import { crc32 } from './systemLibdeflate.ts'

const encoders = { system: systemGzipEncoder(defaultGzipLevel), wasm: wasmGzipEncoder(defaultGzipLevel) }

for (const [name, encode] of Object.entries(encoders)) {
  describe(`gzip by libdeflate (${name})`, { skip: encode === undefined && 'this system has none' }, () => {
    assert.ok(encode)
    it('makes members that in a row are one gzip file, for zlib and for gzip', () => {
      const content = Buffer.from('content '.repeat(100_000))
      const cut = [content.subarray(0, 300_001), content.subarray(300_001)]
      const file = Buffer.concat(cut.map((bytes) => Buffer.from(encode(bytes))))
      execFileSync('gzip', ['--test'], { input: file })
      assert.deepEqual(execFileSync('gzip', ['--decompress'], { input: file, maxBuffer: 2 ** 24 }), content)
      assert.deepEqual(gunzipSync(file), content)
    })

    it('writes neither time, name nor system', () => {
      const member = Buffer.from(encode(Buffer.from('x')))
      assert.equal(member.subarray(0, 10).toString('hex'), '1f8b08000000000000ff')
    })

    it('makes these bytes, whatever the machine: layers are known by them', () => {
      const digest = createHash('sha256')
        .update(encode(noise(1 << 20)))
        .digest('hex')
      assert.deepEqual(
        [gzipVersion, digest],
        ['0.1.0', 'ca27634e7bdbd655ea670e6bca62e29d7d539a54473c1b411154244f9e127cb8'],
      )
    })

    it('takes what does not compress, what is empty, and what is long', () => {
      for (const bytes of [randomBytes(5 << 20), Buffer.alloc(0), Buffer.alloc(8 << 20)]) {
        assert.deepEqual(gunzipSync(encode(bytes)), bytes)
      }
    })
  })
}

test('the libdeflate that Debian has is used', (t) => {
  const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
  const isHere = folders.some((folder) => existsSync(`${folder}/libdeflate.so.0`))
  if (!isHere) return t.skip('it is not installed')
  if (process.getBuiltinModule('node:ffi') === undefined) return t.skip('this Node cannot call it')
  assert.ok(encoders.system)
})

test('at every level, the libdeflate of this system makes the same bytes as the one in WASM, or is not used', (t) => {
  const content = readFileSync(process.execPath).subarray(20 << 20, 22 << 20)
  for (let level = 1; level <= 12; level++) {
    const encode = systemGzipEncoder(level)
    if (encode === undefined) t.diagnostic(`level ${level}: not used`)
    else assert.deepEqual(Buffer.from(encode(content)), Buffer.from(wasmGzipEncoder(level)(content)))
  }
})

test('the CRC of this system is that of zlib, in one go and in several', () => {
  const bytes = randomBytes(100_003)
  assert.equal(crc32(bytes), zlibCrc32(bytes))
  assert.equal(crc32(bytes.subarray(5), crc32(bytes.subarray(0, 5))), zlibCrc32(bytes))
  assert.equal(crc32(Buffer.alloc(0), 5), 5)
})

test('a member is no longer than it may be', () => {
  const member = createGzipEncoder(1)(Buffer.alloc(1000))
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

test('the compressor leaves the handlers of the process alone', () => {
  // A process of its own: the test runner has handlers too.
  const program = `import { wasmGzipEncoder } from ${JSON.stringify(new URL('gzip.ts', import.meta.url))}
    wasmGzipEncoder(2)(Buffer.from('x'))
    console.log(process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection'))`
  assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', program]).toString(), '0\n')
})

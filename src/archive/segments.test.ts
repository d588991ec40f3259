import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, it, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { PackingFailed, StorePathMissing } from '../errors.ts'
import type { CodecName } from './codec.ts'
import {
  cacheIn,
  layerOf,
  packed,
  packerOf,
  partsIn,
  someBytes,
  storeWith,
  temporaryFolder,
  TestStore,
} from './testing.ts'

const mebibyte = 2 ** 20
const unaborted = new AbortController().signal

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

const decompress: Readonly<Record<CodecName, (bytes: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
  none: (bytes) => bytes,
}

describe('a layer is the same bytes', () => {
  for (const name of ['gzip', 'zstd', 'none'] as const) {
    it(`of ${name}, for any number of threads, with a cache or none, cold, warm or without the store`, async (t) => {
      const { store, layer } = storeWith(t)
      const codec = { name, level: name === 'none' ? undefined : 1 }
      const storeDirectory = store.folder
      const expected = await packed(t, layer, { codec, storeDirectory, threads: 1 })
      const tar = decompress[name](expected.bytes)
      assert.equal(expected.diffID, sha256(tar))
      assert.equal(
        execFileSync('tar', ['--list'], { input: tar }).toString().trimEnd().split('\n').length,
        17,
      )
      for (const threads of [1, 2, 3]) {
        const segmentCache = cacheIn(t)
        const options = { codec, storeDirectory, threads, segmentCache }
        assert.deepEqual(await packed(t, layer, options), expected, 'cold')
        assert.deepEqual(await packed(t, layer, options), expected, 'warm')
        if (name === 'none') continue
        const collected = { ...options, storeDirectory: temporaryFolder(t) }
        assert.deepEqual(await packed(t, layer, collected), expected, 'without the store')
        const [one, other] = partsIn(segmentCache.folder).toSorted(
          (a, b) => statSync(b).size - statSync(a).size,
        )
        truncateSync(one ?? '', 1000)
        truncateSync(other ?? '', 10)
        assert.deepEqual(await packed(t, layer, options), expected, 'half warm')
      }
    })
  }

  it('whatever is in the layer beside, and in whatever order', async (t) => {
    const store = new TestStore(t)
    const [a, b] = [store.add('a', someBytes(mebibyte)), store.add('b', someBytes(2 * mebibyte))]
    const options = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
    const expected = await packed(t, layerOf(a, b), options)
    assert.deepEqual(await packed(t, layerOf(b, a, b), options), expected)
    const cold = { ...options, segmentCache: cacheIn(t) }
    await packed(t, layerOf(b), cold)
    assert.deepEqual(await packed(t, layerOf(a, b), cold), expected)
  })

  it('with level and codec in their place: one cache has all of them', async (t) => {
    const { store, layer } = storeWith(t)
    const cached = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
    for (const codec of [{ name: 'zstd' }, { name: 'zstd', level: 1 }, { name: 'gzip', level: 1 }] as const) {
      const alone = await packed(t, layer, { codec, storeDirectory: store.folder })
      await packed(t, layer, { codec, ...cached })
      assert.deepEqual(await packed(t, layer, { codec, ...cached }), alone)
    }
  })
})

test('a store path is compressed once, whatever layers it comes into', async (t) => {
  const { store, layer } = storeWith(t)
  const segmentCache = cacheIn(t)
  const packer = packerOf(t, { storeDirectory: store.folder, segmentCache })
  await Promise.all([packer.prepare(layer, unaborted), packer.prepare(layer, unaborted)])
  const before = partsIn(segmentCache.folder).map((path) => `${path} ${statSync(path).ino}`)
  assert.equal(before.length, 3 + 1 + 1)
  await packer.prepare(layer, unaborted)
  assert.deepEqual(
    partsIn(segmentCache.folder).map((path) => `${path} ${statSync(path).ino}`),
    before,
  )
})

describe('a part that is damaged', () => {
  const damages: readonly (readonly [what: string, damage: (bytes: Buffer) => Buffer])[] = [
    ['is empty', () => Buffer.alloc(0)],
    ['lost its end', (bytes) => bytes.subarray(0, -1)],
    ['lost its last member', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['has another header', (bytes) => flipped(bytes, 9)],
    ['has another length', (bytes) => flipped(bytes, 20 + 9)],
    ['has one other bit', (bytes) => flipped(bytes, bytes.length - 100)],
    ['is something else', (bytes) => randomBytes(bytes.length)],
  ]
  for (const [what, damage] of damages) {
    it(`because it ${what} is removed; the layer is right, and fails where the store lacks it too`, async (t) => {
      const store = new TestStore(t)
      const content = store.add('big', someBytes(9 * mebibyte))
      const layer = layerOf(content)
      const options = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
      const expected = await packed(t, layer, options)
      const [path, ...others] = partsIn(options.segmentCache.folder)
      assert.ok(path !== undefined && others.length === 0)
      const whole = readFileSync(path)
      writeFileSync(path, damage(whole))
      assert.deepEqual(await packed(t, layer, options), expected)
      await packed(t, layer, options)
      assert.deepEqual(readFileSync(path), whole)
      writeFileSync(path, damage(whole))
      store.remove(content)
      await assert.rejects(
        packed(t, layer, options),
        (error) => error instanceof StorePathMissing && error.path === content.path,
      )
      assert.deepEqual(partsIn(options.segmentCache.folder), [])
    })
  }

  it('because the store has other bytes than it was made of is not used', async (t) => {
    const store = new TestStore(t)
    const content = store.add('changed', someBytes(9 * mebibyte))
    const options = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
    await packed(t, layerOf(content), options)
    store.add('changed', randomBytes(9 * mebibyte))
    const { diffID, bytes } = await packed(t, layerOf(content), options)
    assert.equal(diffID, sha256(zstdDecompressSync(bytes)))
  })
})

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

test('a store path that is nowhere is told, tiny or not, before a byte is written', async (t) => {
  const { store } = storeWith(t)
  for (const content of [store.add('t', Buffer.from('t')), store.add('b', someBytes(mebibyte))]) {
    store.remove(content)
    const options = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
    await assert.rejects(
      packed(t, layerOf(content), options),
      (error) => error instanceof StorePathMissing && error.path === content.path,
    )
  }
})

test('a thread that dies while it compresses fails the preparation, and leaves nothing wrong', async (t) => {
  const { store, layer } = storeWith(t)
  const options = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
  const expected = await packed(t, layer, { storeDirectory: store.folder })
  const kill = (worker: Worker) => worker.once('message', () => setImmediate(() => void worker.terminate()))
  process.once('worker', kill)
  const packer = packerOf(t, { ...options, threads: 1 })
  await assert.rejects(
    packer.prepare(layer, unaborted),
    (error) => error instanceof PackingFailed && /thread ended in the middle/.test(error.message),
  )
  assert.deepEqual(await packed(t, layer, options), expected)
})

test('a preparation that is aborted rejects with the reason; the work goes on for those who want it too', async (t) => {
  const { store, layer } = storeWith(t)
  const segmentCache = cacheIn(t)
  const packer = packerOf(t, { storeDirectory: store.folder, segmentCache, threads: 1 })
  const leaving = new AbortController()
  const reason = new Error('no longer wanted')
  const staying = packer.prepare(layer, unaborted)
  const left = packer.prepare(layer, leaving.signal)
  leaving.abort(reason)
  await assert.rejects(left, reason)
  await staying
  assert.equal(partsIn(segmentCache.folder).length, 3 + 1 + 1)
})

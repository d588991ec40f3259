import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { PackingFailed, StorePathMissing } from '../../errors.ts'
import type { CodecName } from '../codec/codec.ts'
import {
  cacheIn,
  Kept,
  layerOf,
  packed,
  packerOf,
  memberFilesIn,
  someBytes,
  storeWith,
  temporaryFolder,
  TestStore,
} from '../testing.ts'

const mebibyte = 2 ** 20

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
        const [one, other] = memberFilesIn(segmentCache.folder).toSorted(
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
  assert.ok(layer.kind === 'storePaths')
  const options = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
  await packed(t, layer, options)
  const inodes = () =>
    memberFilesIn(options.segmentCache.folder).map((path) => `${path} ${statSync(path).ino}`)
  const before = inodes()
  assert.equal(before.length, 5 + 3 + 1 + 2)
  for (const one of layer.storePaths) await packed(t, layerOf(one), options)
  assert.deepEqual(inodes(), before)
})

describe('a member that is damaged', () => {
  const damages: readonly (readonly [what: string, damage: (bytes: Buffer) => Buffer])[] = [
    ['is empty', () => Buffer.alloc(0)],
    ['lost its end', (bytes) => bytes.subarray(0, -1)],
    ['lost its half', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['says it was made of more', (bytes) => flipped(bytes, 9)],
    ['says it is not the last', (bytes) => flipped(bytes, 19)],
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
      const paths = memberFilesIn(options.segmentCache.folder)
      assert.equal(paths.length, 3)
      for (const path of paths) {
        const whole = readFileSync(path)
        writeFileSync(path, damage(whole))
        assert.deepEqual(await packed(t, layer, options), expected)
        assert.deepEqual(readFileSync(path), whole)
      }
      store.remove(content)
      for (const path of paths) {
        const whole = readFileSync(path)
        writeFileSync(path, damage(whole))
        await assert.rejects(
          packed(t, layer, options),
          (error) => error instanceof StorePathMissing && error.path === content.path,
        )
        assert.ok(!memberFilesIn(options.segmentCache.folder).includes(path))
        writeFileSync(path, whole)
      }
      assert.deepEqual(await packed(t, layer, options), expected)
    })
  }

  it('or lies in the place of another is not used', async (t) => {
    const store = new TestStore(t)
    const content = store.add('big', someBytes(13 * mebibyte))
    const options = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
    const expected = await packed(t, layerOf(content), options)
    const paths = memberFilesIn(options.segmentCache.folder).toSorted()
    const wholes = paths.map((path) => readFileSync(path))
    assert.equal(paths.length, 4)
    const swap = (from: number, to: number) => writeFileSync(paths[to] ?? '', wholes[from] ?? '')
    swap(1, 0)
    assert.deepEqual(await packed(t, layerOf(content), options), expected)
    store.remove(content)
    for (const [from, to] of [
      [1, 0],
      [3, 1],
      [3, 0],
      [2, 3],
    ] as const) {
      swap(from, to)
      await assert.rejects(packed(t, layerOf(content), options), StorePathMissing)
      for (const at of paths.keys()) swap(at, at)
    }
    assert.deepEqual(await packed(t, layerOf(content), options), expected)
  })

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

test('a store path that is not whole fails the layer, and what was made of it is never used', async (t) => {
  const store = new TestStore(t)
  const content = store.add('half', { a: someBytes(9 * mebibyte), b: someBytes(mebibyte) })
  const options = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
  const expected = await packed(t, layerOf(content), { storeDirectory: store.folder })
  const other = store.copy(t)
  writeFileSync(join(store.at(content.path), 'a'), randomBytes(8 * mebibyte))
  const isNotWhole = (error: unknown) => error instanceof StorePathMissing && /not whole/.test(error.message)
  await assert.rejects(packed(t, layerOf(content), options), isNotWhole)
  assert.ok(memberFilesIn(options.segmentCache.folder).length > 0)
  const collected = { ...options, storeDirectory: temporaryFolder(t) }
  await assert.rejects(packed(t, layerOf(content), collected), StorePathMissing)
  assert.deepEqual(await packed(t, layerOf(content), { ...options, storeDirectory: other.folder }), expected)
  assert.deepEqual(await packed(t, layerOf(content), collected), expected)
})

test('a thread that dies while it compresses for another fails the layer, and leaves nothing wrong', async (t) => {
  const { store, layer } = storeWith(t)
  const options = { storeDirectory: store.folder, segmentCache: cacheIn(t) }
  const expected = await packed(t, layer, { storeDirectory: store.folder })
  const threads: Worker[] = []
  const kill = (worker: Worker) => {
    threads.push(worker)
    if (threads.length !== 2) return
    // What it is told to do is to help the first.
    const tell = worker.postMessage.bind(worker)
    worker.postMessage = (...told: Parameters<typeof tell>) => {
      tell(...told)
      void worker.terminate()
    }
  }
  process.on('worker', kill)
  t.after(() => process.off('worker', kill))
  const packer = packerOf(t, { ...options, threads: 2 })
  await assert.rejects(
    packer.pack(layer, new Kept(), new AbortController().signal),
    (error) => error instanceof PackingFailed && /thread ended in the middle/.test(error.message),
  )
  assert.deepEqual(await packed(t, layer, options), expected)
})

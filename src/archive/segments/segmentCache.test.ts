import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, test } from 'node:test'
import { cacheIn, Kept, layerOf, packed, packerOf, memberFilesIn, storeWith, TestStore } from '../testing.ts'

const mebibyte = 2 ** 20
const unaborted = new AbortController().signal

describe('a cache that cannot be written', () => {
  const faults: readonly (readonly [why: string, spoil: (folder: string) => () => void])[] = [
    ['its place is a file', spoiltByFile],
    ['the disk is full', mountTiny],
  ]
  for (const [why, spoil] of faults) {
    it(`because ${why} is told, and layers are made without it`, async (t) => {
      const { store, layer } = storeWith(t)
      const storeDirectory = store.folder
      const expected = await packed(t, layer, { storeDirectory })
      const segmentCache = cacheIn(t)
      let mend: () => void
      try {
        mend = spoil(segmentCache.folder)
      } catch (error) {
        return t.skip(`this machine does not let us: ${String(error)}`)
      }
      try {
        const told: string[] = []
        const options = { storeDirectory, segmentCache, onCacheFault: (what: string) => told.push(what) }
        assert.deepEqual(await packed(t, layer, options), expected)
        assert.equal(told.length, 1)
        assert.match(told[0] ?? '', /ENOSPC|EEXIST|ENOTDIR/)
        assert.deepEqual(await packed(t, layer, options), expected)
      } finally {
        mend()
      }
    })
  }
})

function spoiltByFile(folder: string): () => void {
  writeFileSync(folder, '')
  return () => undefined
}

/** A disk that has room for some tiny members. */
function mountTiny(folder: string): () => void {
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', folder], { stdio: 'pipe' })
  return () => void execFileSync('umount', [folder])
}

test('the cache stays within its limit: what was not used for the longest time goes first', async (t) => {
  const store = new TestStore(t)
  const names = ['a', 'b', 'c', 'd', 'e']
  const contents = names.map((name) => store.add(name, randomBytes(mebibyte)))
  const options = { storeDirectory: store.folder, segmentCache: { ...cacheIn(t), limit: 4.5 * mebibyte } }
  const { folder } = options.segmentCache
  const partOf = new Map<string, string>()
  for (const [age, content] of contents.slice(0, 4).entries()) {
    const before = new Set(age === 0 ? [] : memberFilesIn(folder))
    await packed(t, layerOf(content), options)
    const part = memberFilesIn(folder).find((path) => !before.has(path)) ?? ''
    partOf.set(content.path, part)
    utimesSync(part, 1000 + age, 1000 + age)
  }
  const [a, b] = contents
  assert.ok(a && b)
  await packed(t, layerOf(a), options)
  writeFileSync(join(folder, 'tmp-killed'), Buffer.alloc(10))
  utimesSync(join(folder, 'tmp-killed'), 1, 1)
  const packer = packerOf(t, { ...options, threads: 1 })
  await packer.pack(layerOf(...contents.slice(4)), new Kept(), unaborted)
  // Sweeps come before other jobs, and the second may wait for the end of the first.
  for (let i = 0; i < 3; i++) await packer.pack({ kind: 'entries', entries: [] }, new Kept(), unaborted)
  const left = memberFilesIn(folder)
  assert.equal(left.length, 4)
  assert.ok(left.includes(partOf.get(a.path) ?? ''))
  assert.ok(!left.includes(partOf.get(b.path) ?? ''))
})

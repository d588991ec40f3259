import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { digestOf, type Digest } from '../oci/digest.ts'
import { judge, type StoredImage } from './policy.ts'

const now = 1_000_000_000
const ago = (seconds: number) => now - seconds * 1000
const d = (name: string) => digestOf(name)
const blobsOf = (sizes: Readonly<Record<string, number>>, modified = ago(1000)) =>
  new Map(Object.entries(sizes).map(([name, size]) => [d(name), { size, modified }]))
const image = (name: string, reach: readonly string[], pulled: number, isProtected = false): StoredImage => ({
  digest: d(name),
  lastPull: ago(pulled),
  isProtected,
  reach: [name, ...reach].map(d),
})
const gone = (verdict: ReturnType<typeof judge>) => new Set(verdict.blobs.map(({ digest }) => digest))

describe('the policy', () => {
  it('keeps what was pulled in time, and what it shares with what was not', () => {
    const blobs = blobsOf({ a: 1, b: 1, own: 10, shared: 20 })
    const images = [image('a', ['shared'], 50), image('b', ['own', 'shared'], 200)]
    const verdict = judge(images, blobs, new Set(), { keep: 100, grace: 10 }, now)
    assert.deepEqual(gone(verdict), new Set([d('b'), d('own')]))
    assert.equal(verdict.kept, 21)
    assert.deepEqual(
      verdict.images.map(({ image, why }) => [image.digest, why]),
      [[d('b'), 'not pulled']],
    )
  })

  it('puts out first what was pulled least recently, until the rest fits', () => {
    const blobs = blobsOf({ a: 10, b: 10, c: 10, d: 1 })
    const images = [image('c', [], 30), image('a', [], 10), image('d', [], 40), image('b', [], 20)]
    assert.deepEqual(
      gone(judge(images, blobs, new Set(), { size: 25, grace: 1 }, now)),
      new Set([d('c'), d('d')]),
    )
  })

  it('does not put all out for one image that never fits', () => {
    const blobs = blobsOf({ huge: 100, small: 10 })
    const images = [image('huge', [], 10), image('small', [], 20)]
    assert.deepEqual(gone(judge(images, blobs, new Set(), { size: 50, grace: 1 }, now)), new Set([d('huge')]))
  })

  it('keeps what is protected or young, whatever the limits', () => {
    const blobs = new Map([...blobsOf({ a: 10, layer: 10, old: 10 }), ...blobsOf({ young: 10 }, ago(5))])
    const verdict = judge(
      [image('a', ['layer'], 500, true)],
      blobs,
      new Set(),
      { keep: 1, size: 1, grace: 10 },
      now,
    )
    assert.deepEqual(gone(verdict), new Set([d('old')]))
    assert.equal(verdict.blobs[0]?.why, 'unreferenced')
  })

  it('deletes nothing that an image which stays needs, and obeys both limits for the rest', () => {
    const names = ['m1', 'm2', 'm3', 'm4', 'l1', 'l2', 'l3', 'l4', 'l5']
    const arbitrary = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 9, maxLength: 9 }),
      ages: fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 9, maxLength: 9 }),
      images: fc.array(
        fc.record({
          layers: fc.subarray(['l1', 'l2', 'l3', 'l4', 'l5']),
          pulled: fc.integer({ min: 0, max: 300 }),
          isProtected: fc.boolean(),
        }),
        { maxLength: 4 },
      ),
      keep: fc.integer({ min: 0, max: 300 }),
      size: fc.integer({ min: 0, max: 400 }),
      grace: fc.integer({ min: 0, max: 100 }),
    })
    fc.assert(
      fc.property(arbitrary, ({ sizes, ages, images, keep, size, grace }) => {
        const blobs = new Map(
          names.map((name, index) => [d(name), { size: sizes[index] ?? 1, modified: ago(ages[index] ?? 0) }]),
        )
        const stored = images.map(({ layers, pulled, isProtected }, index) =>
          image(`m${index + 1}`, layers, pulled, isProtected),
        )
        const verdict = judge(stored, blobs, new Set(), { keep, size, grace }, now)
        const out = new Set(verdict.images.map(({ image }) => image.digest))
        const deleted = gone(verdict)
        const total = [...blobs].reduce(
          (sum, [digest, blob]) => sum + (deleted.has(digest) ? 0 : blob.size),
          0,
        )
        assert.equal(total, verdict.kept)
        const due = new Set<Digest>()
        for (const one of stored) {
          if (out.has(one.digest)) {
            assert.ok(!one.isProtected)
            continue
          }
          assert.ok(one.isProtected || now - one.lastPull < keep * 1000)
          for (const digest of one.reach ?? []) assert.ok(!deleted.has(digest))
          if (one.isProtected) for (const digest of one.reach ?? []) due.add(digest)
        }
        for (const [digest, { modified }] of blobs) if (now - modified < grace * 1000) due.add(digest)
        const least = [...due].reduce((sum, digest) => sum + (blobs.get(digest)?.size ?? 0), 0)
        assert.ok(total <= Math.max(size, least), `${total} bytes stay`)
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { BlobUnknown } from '../errors.ts'
import { digestOf, hexOf } from '../oci/digest.ts'
import type { Storage } from './interfaces.ts'

const write = (bytes: Buffer) => (sink: Writable) =>
  new Promise<void>((resolve, reject) => {
    sink.on('error', reject)
    sink.write(bytes, (error) => (error ? reject(error) : resolve()))
  })

/** What every storage promises. A backend is done when it passes. */
export function storageContract(name: string, open: () => Promise<Storage>): void {
  describe(`${name} storage`, () => {
    it('gives back what was put, by its digest', async () => {
      const { blobs } = await open()
      const bytes = randomBytes(3_000_000)
      const stored = await blobs.put(write(bytes))
      assert.deepEqual(stored, { digest: digestOf(bytes), size: bytes.length })
      assert.deepEqual(await blobs.stat(stored.digest), { size: bytes.length })
      assert.ok(bytes.equals(await buffer(await blobs.open(stored.digest))))
    })

    it('does not know a blob that nobody put', async () => {
      const { blobs } = await open()
      const digest = digestOf('nobody')
      assert.equal(await blobs.stat(digest), undefined)
      await assert.rejects(blobs.open(digest), BlobUnknown)
    })

    it('opens any range, both ends included', async () => {
      const { blobs } = await open()
      const { digest } = await blobs.put(write(Buffer.from('0123456789')))
      const read = async (range?: { start: number; end?: number }) =>
        (await buffer(await blobs.open(digest, range))).toString()
      assert.equal(await read({ start: 0, end: 0 }), '0')
      assert.equal(await read({ start: 3, end: 5 }), '345')
      assert.equal(await read({ start: 7 }), '789')
      assert.equal(await read({ start: 9, end: 100 }), '9')
      await assert.rejects(blobs.open(digest, { start: 10 }), RangeError)
    })

    it('keeps an empty blob', async () => {
      const { blobs } = await open()
      const { digest, size } = await blobs.put(async () => undefined)
      assert.equal(size, 0)
      assert.equal((await buffer(await blobs.open(digest))).length, 0)
    })

    it('shows nothing of a blob whose writer failed, and throws the writer’s error', async () => {
      const { blobs } = await open()
      const bytes = randomBytes(100_000)
      const fault = new Error('the writer failed')
      const attempt = blobs.put(async (sink) => {
        await write(bytes)(sink)
        throw fault
      })
      await assert.rejects(attempt, fault)
      assert.equal(await blobs.stat(digestOf(bytes)), undefined)
    })

    it('shows nothing of a blob before its writer is done', async () => {
      const { blobs } = await open()
      const bytes = randomBytes(100_000)
      await blobs.put(async (sink) => {
        await write(bytes)(sink)
        assert.equal(await blobs.stat(digestOf(bytes)), undefined)
      })
      assert.deepEqual(await blobs.stat(digestOf(bytes)), { size: bytes.length })
    })

    it('takes the same blob from several writers at once', async () => {
      const { blobs } = await open()
      const bytes = randomBytes(1_000_000)
      const stored = await Promise.all(Array.from({ length: 8 }, () => blobs.put(write(bytes))))
      for (const one of stored) assert.deepEqual(one, { digest: digestOf(bytes), size: bytes.length })
      assert.ok(bytes.equals(await buffer(await blobs.open(digestOf(bytes)))))
    })

    it('gives back a record, the last one put under its key', async () => {
      const { records } = await open()
      await records.put('manifests/one', { a: 1 })
      await records.put('manifests/one', { a: [2, null, 'ü\n'] })
      assert.deepEqual(await records.get('manifests/one'), { a: [2, null, 'ü\n'] })
      assert.equal(await records.get('manifests/two'), undefined)
    })

    it('keeps records of keys as deep and as odd as the layout has them', async () => {
      const { records } = await open()
      const keys = ['packages/git:0f/x86_64-linux/_7zz', 'paths/abc-gtk+-2.0?a=b', 'builds/v1/sha256:00']
      for (const key of keys) await records.put(key, key)
      for (const key of keys) assert.equal(await records.get(key), key)
    })

    it('lists the records below a folder', async () => {
      const { records } = await open()
      const keys = ['repositories/git/latest', 'repositories/git/main', 'repositories/git+htop/latest']
      for (const key of keys) await records.put(key, 1)
      assert.deepEqual((await Array.fromAsync(records.list('repositories'))).toSorted(), keys.toSorted())
      assert.deepEqual((await Array.fromAsync(records.list('repositories/git'))).toSorted(), keys.slice(0, 2))
      assert.deepEqual(await Array.fromAsync(records.list('repositories/none')), [])
    })

    it('lists blobs and records with the size and the time of each', async () => {
      const { blobs, records, objects } = await open()
      const bytes = randomBytes(1234)
      // Object stores know times to the second.
      const before = Date.now() - 2000
      const { digest } = await blobs.put(write(bytes))
      await records.put('builds/listed/one', 1)
      const layers = await Array.fromAsync(objects.list('layers'))
      const found = layers.find(({ key }) => key === `layers/${hexOf(digest)}`)
      assert.equal(found?.size, bytes.length)
      assert.ok(found.modified >= before && found.modified <= Date.now() + 2000, String(found.modified))
      const listed = await Array.fromAsync(objects.list('builds/listed'))
      assert.deepEqual(
        listed.map(({ key }) => key),
        ['builds/listed/one'],
      )
      assert.deepEqual(await Array.fromAsync(objects.list('builds/list')), [])
    })

    it('deletes a blob, takes it anew, and does not mind one that is not there', async () => {
      const { blobs, objects } = await open()
      const bytes = randomBytes(1000)
      const { digest } = await blobs.put(write(bytes))
      const key = `layers/${hexOf(digest)}`
      await objects.delete(key)
      await objects.delete(key)
      assert.equal(await blobs.stat(digest), undefined)
      await assert.rejects(blobs.open(digest), BlobUnknown)
      assert.ok(!(await Array.fromAsync(objects.list('layers'))).some((one) => one.key === key))
      await blobs.put(write(bytes))
      assert.ok(bytes.equals(await buffer(await blobs.open(digest))))
    })

    it('deletes a record and nothing beside it, while others are put', async () => {
      const { records, objects } = await open()
      await records.put('packages/deleted/one', 1)
      await records.put('packages/deleted+/one', 2)
      await objects.delete('packages/deleted/one')
      assert.equal(await records.get('packages/deleted/one'), undefined)
      assert.equal(await records.get('packages/deleted+/one'), 2)
      const names = Array.from({ length: 50 }, (_, index) => `packages/busy/${index}`)
      await Promise.all(
        names.map(async (name) => {
          await records.put(name, name)
          await objects.delete(name)
          await records.put(name, name)
        }),
      )
      for (const name of names) assert.equal(await records.get(name), name)
    })

    it('refuses a key that would leave its folder', async () => {
      const { records, objects } = await open()
      for (const key of ['../x', 'a/../x', '/etc/passwd', 'a//b', 'a', '', 'a/b\0', 'a/-b', 'a/.b'])
        for (const attempt of [records.get(key), objects.delete(key)])
          await assert.rejects(attempt, TypeError, key)
    })
  })
}

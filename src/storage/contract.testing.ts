import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { BlobUnknown, StorageFailed } from '../errors.ts'
import { digestOf, hexOf } from '../oci/digest.ts'
import { createContract } from './createContract.testing.ts'
import type { Storage } from './interfaces.ts'

const write = (bytes: Buffer) => (sink: Writable) =>
  new Promise<void>((resolve, reject) => {
    // A sink without a listener would end the process.
    if (sink.listenerCount('error') === 0) sink.on('error', () => undefined)
    sink.write(bytes, (error) => (error ? reject(error) : resolve()))
  })

/** More than stores take in one piece, and no multiple of the pieces (bytes). */
const large = 40_000_003

const writeAll = (bytes: Buffer) => async (sink: Writable) => {
  for (let start = 0; start < bytes.length; start += 1_000_000)
    await write(bytes.subarray(start, start + 1_000_000))(sink)
}

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

    it('keeps a large blob, shows nothing of it before it is whole, and opens it anywhere', async () => {
      const { blobs } = await open()
      const bytes = randomBytes(large)
      const digest = digestOf(bytes)
      const sizes = new Set<number | undefined>()
      const put = new AbortController()
      const watch = async () => {
        while (!put.signal.aborted) {
          sizes.add((await blobs.stat(digest))?.size)
          await setImmediate()
        }
      }
      const watching = watch()
      const stored = await blobs.put(writeAll(bytes))
      put.abort()
      await watching
      assert.deepEqual(stored, { digest, size: large })
      assert.ok(sizes.isSubsetOf(new Set([undefined, large])), [...sizes].join())
      assert.ok(bytes.equals(await buffer(await blobs.open(digest))))
      const part = await buffer(await blobs.open(digest, { start: 16_777_000, end: 33_555_000 }))
      assert.ok(bytes.subarray(16_777_000, 33_555_001).equals(part))
    })

    it('leaves nothing of a large blob whose writer fails in the middle', async () => {
      const { blobs, objects } = await open()
      const keys = async () =>
        (await Array.fromAsync(objects.list('layers'))).map(({ key }) => key).toSorted()
      const before = await keys()
      const bytes = randomBytes(large)
      const fault = new Error('the writer failed')
      const attempt = blobs.put(async (sink) => {
        await writeAll(bytes.subarray(0, 30_000_000))(sink)
        throw fault
      })
      await assert.rejects(attempt, fault)
      assert.deepEqual(await keys(), before)
    })

    it('lets readers leave before the end', async () => {
      const { blobs } = await open()
      const bytes = randomBytes(5_000_000)
      const { digest } = await blobs.put(write(bytes))
      for (let reader = 0; reader < 20; reader += 1) {
        const unread = await blobs.open(digest)
        unread.destroy()
        for await (const chunk of await blobs.open(digest)) {
          assert.ok(Buffer.isBuffer(chunk))
          break
        }
      }
      assert.ok(bytes.equals(await buffer(await blobs.open(digest))))
    })

    it('serves many readers of one blob at once', async () => {
      const { blobs } = await open()
      const bytes = randomBytes(500_000)
      const { digest } = await blobs.put(write(bytes))
      const read = async () => bytes.equals(await buffer(await blobs.open(digest)))
      const readers = await Promise.all(Array.from({ length: 60 }, read))
      assert.ok(readers.every(Boolean))
    })

    it('gives links, where it does, to the bytes as bytes, and to any range of them', async (context) => {
      const { blobs, urls } = await open()
      const bytes = randomBytes(100_000)
      const { digest } = await blobs.put(write(bytes))
      const link = await urls?.url(digest)
      if (!link) return context.skip('this storage gives no links')
      const whole = await fetch(link)
      assert.equal(whole.status, 200)
      assert.equal(whole.headers.get('content-type'), 'application/octet-stream')
      assert.equal(whole.headers.get('content-encoding'), null)
      assert.ok(bytes.equals(Buffer.from(await whole.arrayBuffer())))
      const part = await fetch(link, { headers: { range: 'bytes=99000-' } })
      assert.equal(part.status, 206)
      assert.ok(bytes.subarray(99_000).equals(Buffer.from(await part.arrayBuffer())))
    })

    it('gives the files of blobs, where it does, to read anywhere, even when they are deleted meanwhile', async (context) => {
      const { blobs, files, objects } = await open()
      if (!files) return context.skip('this storage has no files')
      const bytes = randomBytes(300_000)
      const { digest } = await blobs.put(write(bytes))
      const file = await files.file(digest)
      assert.ok(file)
      await objects.delete(`layers/${hexOf(digest)}`)
      for (const [start, end] of [
        [0, 300_000],
        [100_000, 100_001],
        [250_000, 300_000],
      ] as const) {
        const into = Buffer.alloc(end - start)
        await file.read(into, start)
        assert.ok(into.equals(bytes.subarray(start, end)))
      }
      await assert.rejects(file.read(Buffer.alloc(2), 299_999), StorageFailed)
      await file.close()
      assert.equal(await files.file(digest), undefined)
      assert.equal(await files.file(digestOf('nobody')), undefined)
    })

    it('gives back a record, the last one put under its key', async () => {
      const { records } = await open()
      await records.put('manifests/one', { a: 1 })
      await records.put('manifests/one', { a: [2, null, 'ü\n'] })
      assert.deepEqual(await records.get('manifests/one'), { a: [2, null, 'ü\n'] })
      assert.equal(await records.get('manifests/two'), undefined)
    })

    createContract(open)
    it('keeps records of keys as deep and as odd as the layout has them', async () => {
      const { records, objects } = await open()
      const keys = [
        'odd/git:0f/x86_64-linux/_7zz',
        'odd/abc-gtk+-2.0?a=b',
        'odd/v1/sha256:00',
        'odd/a+b/c=d/e@f/g:h/i?j/k',
        `odd/${'long'.repeat(40)}`,
      ]
      for (const key of keys) await records.put(key, key)
      for (const key of keys) assert.equal(await records.get(key), key)
      const listed = await Array.fromAsync(objects.list('odd'))
      assert.deepEqual(listed.map(({ key }) => key).toSorted(), keys.toSorted())
      for (const key of keys) await objects.delete(key)
      assert.deepEqual(await Array.fromAsync(objects.list('odd')), [])
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

    it('lists more than fits on a page', async () => {
      const { records, objects } = await open()
      const keys = Array.from({ length: 1_100 }, (_, index) => `many/${index % 7}/${index}`)
      const writers = Array.from({ length: 32 }, async (_, writer) => {
        for (const key of keys.filter((_, index) => index % 32 === writer)) await records.put(key, 1)
      })
      await Promise.all(writers)
      const listed = await Array.fromAsync(objects.list('many'))
      assert.deepEqual(listed.map(({ key }) => key).toSorted(), keys.toSorted())
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

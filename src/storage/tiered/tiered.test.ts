import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BlobUnknown, StorageFailed } from '../../errors.ts'
import { createLogger } from '../../logger.ts'
import { digestOf, hexOf } from '../../oci/digest.ts'
import { storageContract } from '../contract.testing.ts'
import { createFilesystemStorage } from '../filesystem/filesystem.ts'
import type { Storage } from '../interfaces.ts'
import { createTieredStorage, type TieredStorage, type TierOptions } from './tiered.ts'

const logger = createLogger('silent')
let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'nixery-tiered-'))
})
after(() => rm(root, { recursive: true, force: true }))

const newFolder = () => mkdtemp(join(root, 'folder-'))

/** A real storage, and a switch that makes it fail or never answer. */
async function switchable(): Promise<{ storage: Storage; state: 'up' | 'down' | 'silent'; asked: number }> {
  const real = await createFilesystemStorage(await newFolder())
  const gate = async () => {
    bucket.asked += 1
    if (bucket.state === 'down') throw new StorageFailed('the bucket is down')
    if (bucket.state === 'silent') await new Promise(() => undefined)
  }
  const bucket = {
    state: 'up' as 'up' | 'down' | 'silent',
    asked: 0,
    storage: {
      blobs: {
        stat: async (digest) => (await gate(), real.blobs.stat(digest)),
        open: async (digest, range) => (await gate(), real.blobs.open(digest, range)),
        put: async (write) => (await gate(), real.blobs.put(write)),
      },
      records: {
        get: async (key) => (await gate(), real.records.get(key)),
        put: async (key, value) => (await gate(), real.records.put(key, value)),
        create: async (key, value) => (await gate(), real.records.create(key, value)),
        async *list(folder) {
          await gate()
          yield* real.records.list(folder)
        },
      },
      objects: real.objects,
    } satisfies Storage as Storage,
  }
  return bucket
}

async function tiered(context: TestContext, bucket: Storage, options: Partial<TierOptions> = {}) {
  const tier = await createTieredStorage(bucket, {
    folder: await newFolder(),
    size: 10_000_000,
    memory: 100_000,
    logger,
    guard: { patience: 200, pause: 0 },
    onForeign: () => undefined,
    ...options,
  })
  context.after(() => tier.close())
  return tier
}

const put = ({ blobs }: Storage, bytes: Buffer) => blobs.put(async (sink) => void sink.write(bytes))
const read = async ({ blobs }: Storage, digest: Parameters<Storage['blobs']['open']>[0]) =>
  buffer(await blobs.open(digest))

const opened: TieredStorage[] = []
after(() => Promise.all(opened.map((tier) => tier.close())))
for (const face of ['serving', 'building'] as const) {
  storageContract(`tiered (${face})`, async () => {
    const bucket = await createFilesystemStorage(await newFolder())
    const folder = await newFolder()
    const options = { folder, size: 100_000_000, memory: 100_000, logger, onForeign: () => undefined }
    const tier = await createTieredStorage(bucket, options)
    opened.push(tier)
    return tier[face]
  })
}

describe('tiers in front of a bucket', () => {
  it('serve what was put while the bucket is down or silent, and put nothing then', async (context) => {
    const bucket = await switchable()
    const { serving, local } = await tiered(context, bucket.storage)
    const bytes = [randomBytes(1_000_000), Buffer.from('small')]
    const stored = await Promise.all(bytes.map((one) => put(serving, one)))
    await serving.records.put('manifests/known', { a: 1 })
    await serving.records.put('popularity/pins/one', { b: 2 })
    for (const state of ['down', 'silent'] as const) {
      bucket.state = state
      for (const [index, { digest }] of stored.entries()) {
        assert.deepEqual(await serving.blobs.stat(digest), { size: bytes[index]?.length })
        assert.ok(bytes[index]?.equals(await read(serving, digest)))
        assert.ok(await local.stat(digest))
      }
      assert.deepEqual(await serving.records.get('manifests/known'), { a: 1 })
      assert.deepEqual(await serving.records.get('popularity/pins/one'), { b: 2 })
      await assert.rejects(serving.records.get('manifests/unknown'), StorageFailed)
      await assert.rejects(serving.records.put('manifests/new', {}), StorageFailed)
      await assert.rejects(serving.records.get('health/check'), StorageFailed)
    }
    bucket.state = 'down'
    await assert.rejects(put(serving, Buffer.from('new')), StorageFailed)
    bucket.state = 'up'
    assert.equal(await serving.blobs.stat(digestOf('new')), undefined)
    assert.equal(await serving.records.get('manifests/new'), undefined)
  })

  it('give the files of their copies: not what only the bucket has, nor what memory can keep', async (context) => {
    const bucket = await switchable()
    const far = await put(bucket.storage, randomBytes(200_000))
    const { serving } = await tiered(context, bucket.storage)
    const near = await put(serving, randomBytes(200_000))
    const small = await put(serving, Buffer.from('small enough'))
    bucket.state = 'down'
    const file = await serving.files?.file(near.digest)
    assert.ok(file)
    await file.close()
    for (const { digest } of [far, small]) assert.equal(await serving.files?.file(digest), undefined)
  })

  it('ask the bucket once for what others put there, but for what has to be known', async (context) => {
    const bucket = await switchable()
    const small = await put(bucket.storage, Buffer.from('of another server'))
    await bucket.storage.records.put('manifests/others', 1)
    const { serving, building } = await tiered(context, bucket.storage)
    await read(serving, small.digest)
    await serving.records.get('manifests/others')
    bucket.asked = 0
    for (let times = 0; times < 3; times++) {
      assert.equal((await read(serving, small.digest)).toString(), 'of another server')
      assert.equal(await serving.records.get('manifests/others'), 1)
    }
    assert.equal(bucket.asked, 0)
    await bucket.storage.objects.delete(`layers/${hexOf(small.digest)}`)
    assert.equal(await building.blobs.stat(small.digest), undefined)
  })

  it('keep within their size: what was used least recently goes', async (context) => {
    const bucket = await createFilesystemStorage(await newFolder())
    const folder = await newFolder()
    const { serving } = await tiered(context, bucket, { folder, size: 1_000_000, memory: 0 })
    const blobs = []
    for (let count = 0; count < 20; count++) blobs.push(await put(serving, randomBytes(150_000)))
    const again = await tiered(context, bucket, { folder, size: 1_000_000, memory: 0 })
    const left = await readdir(join(folder, 'layers'))
    assert.ok(left.length <= 6 && left.length >= 3, `${left.length} copies`)
    for (const { digest } of blobs) assert.equal((await read(again.serving, digest)).length, 150_000)
  })

  it('serve no copy that is damaged', async (context) => {
    const bucket = await createFilesystemStorage(await newFolder())
    const folder = await newFolder()
    const { serving } = await tiered(context, bucket, { folder, memory: 0 })
    const bytes = randomBytes(300_000)
    const { digest } = await put(serving, bytes)
    await writeFile(join(folder, 'layers', hexOf(digest)), randomBytes(300_000))
    assert.ok(bytes.equals(await read(serving, digest)))
  })

  it('go when they are of another bucket, or the bucket was emptied', async (context) => {
    const folder = await newFolder()
    const [one, other] = [await newFolder(), await newFolder()]
    let foreign = 0
    const options = { folder, onForeign: () => void (foreign += 1) }
    const first = await tiered(context, await createFilesystemStorage(one), options)
    const { digest } = await put(first.serving, Buffer.from('of the first bucket'))
    await first.serving.records.put('manifests/first', 1)
    assert.equal(foreign, 0)

    const second = await tiered(context, await createFilesystemStorage(other), options)
    assert.equal(foreign, 0)
    await assert.rejects(second.serving.blobs.open(digest), BlobUnknown)
    assert.equal(await second.serving.records.get('manifests/first'), undefined)

    const kept = await put(second.serving, Buffer.from('of the second bucket'))
    await second.check()
    assert.ok(await second.serving.blobs.stat(kept.digest))
    await rm(other, { recursive: true })
    await createFilesystemStorage(other)
    await second.check()
    assert.equal(foreign, 1)
    assert.equal(await second.serving.blobs.stat(kept.digest), undefined)
  })

  it('let no fault of the local disk get into an answer', async (context) => {
    const bucket = await createFilesystemStorage(await newFolder())
    const folder = await newFolder()
    const { serving } = await tiered(context, bucket, { folder, memory: 0 })
    await rm(folder, { recursive: true })
    await writeFile(folder, 'no folder')
    const bytes = randomBytes(5_000_000)
    const { digest } = await put(serving, bytes)
    assert.ok(bytes.equals(await read(serving, digest)))
    await serving.records.put('manifests/one', 1)
    assert.equal(await serving.records.get('manifests/one'), 1)
  })

  it('give up copies that are under way when they are closed', async (context) => {
    const bucket = await createFilesystemStorage(await newFolder())
    const { digest } = await put(bucket, randomBytes(200_000))
    const streams: PassThrough[] = []
    const blobs: Storage['blobs'] = {
      stat: (digest) => bucket.blobs.stat(digest),
      put: (write) => bucket.blobs.put(write),
      // Its content never comes.
      open: async () => streams[streams.push(new PassThrough()) - 1] ?? assert.fail(),
    }
    const folder = await newFolder()
    const tier = await tiered(context, { ...bucket, blobs }, { folder, memory: 0 })
    await tier.serving.blobs.open(digest)
    const unfinished = () => readdir(join(folder, 'tmp'))
    while ((await unfinished()).length === 0) await sleep(5)
    await tier.close()
    assert.deepEqual(await unfinished(), [])
    // The copy's is gone, the reader's is not.
    assert.equal(streams.length, 2)
    assert.equal(streams.filter(({ destroyed }) => destroyed).length, 1)
    for (const stream of streams) stream.destroy()
  })
})

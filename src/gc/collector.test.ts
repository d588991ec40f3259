import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { StorageFailed } from '../errors.ts'
import type { Encoded } from '../oci/descriptor.ts'
import { encodeIndex } from '../oci/index.ts'
import type { Storage } from '../storage/interfaces.ts'
import { blobKey } from '../storage/layout.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { Collector } from './collector.ts'
import { keysOf, putText, storeImage } from './testing.ts'

/** Seconds. */
const grace = 600

const graceIsOver = () => mock.timers.tick(grace * 1000)

beforeEach(() => mock.timers.enable({ apis: ['Date'], now: 1_000_000_000 }))
afterEach(() => mock.timers.reset())

async function record(storage: Storage, key: string, { descriptor }: Encoded): Promise<void> {
  await storage.records.put(`manifests/${key}`, descriptor)
}

/** Says that a manifest was asked for, without leasing it. */
async function pulled(storage: Storage, { descriptor }: Encoded, secondsAgo: number): Promise<void> {
  const manifests = [[descriptor.digest, Date.now() - secondsAgo * 1000]]
  await storage.records.put(`pulls/server/${Math.random()}`, { holds: 0, manifests, blobs: [] })
}

describe('a collection', () => {
  it('deletes what nothing leads to, and leaves what is young', async () => {
    const storage = createMemoryStorage()
    await record(storage, 'a', await storeImage(storage, 'a'))
    const kept = await keysOf(storage, 'layers')
    await putText(storage, 'orphan')
    graceIsOver()
    const young = await putText(storage, 'young')
    const { deleted } = await new Collector(storage, { grace }).collect()
    assert.deepEqual(await keysOf(storage, 'layers'), new Set([...kept, blobKey(young.digest)]))
    assert.deepEqual(deleted, { records: 0, blobs: 1, bytes: 6 })
  })

  it('puts out the image that was pulled least recently, with the records that lead to it', async () => {
    const storage = createMemoryStorage()
    const [a, b, c] = [
      await storeImage(storage, 'a'),
      await storeImage(storage, 'b'),
      await storeImage(storage, 'c'),
    ]
    for (const [key, image] of Object.entries({ a, b, c })) await record(storage, key, image)
    const layer = await putText(storage, 'b')
    await storage.records.put('builds/b', { ...layer, diffID: layer.digest })
    graceIsOver()
    await pulled(storage, a, 0)
    await pulled(storage, c, 0)
    const all = [...(await Array.fromAsync(storage.objects.list('layers')))]
    const bytes = all.reduce((sum, { size }) => sum + size, 0)
    const { verdict } = await new Collector(storage, { grace, size: bytes - 1 }).collect()
    assert.deepEqual(
      verdict.images.map(({ image, why }) => [image.digest, why]),
      [[b.descriptor.digest, 'no room']],
    )
    assert.deepEqual(await keysOf(storage, 'manifests'), new Set(['manifests/a', 'manifests/c']))
    assert.deepEqual(await keysOf(storage, 'builds'), new Set())
    assert.equal(await storage.blobs.stat(b.descriptor.digest), undefined)
    assert.equal(await storage.blobs.stat(layer.digest), undefined)
  })

  it('keeps all that an index leads to which was pulled', async () => {
    const storage = createMemoryStorage()
    const [a, b] = [await storeImage(storage, 'a'), await storeImage(storage, 'b')]
    const platform = (architecture: 'amd64' | 'arm64', { descriptor }: Encoded) => ({
      platform: { os: 'linux', architecture } as const,
      descriptor,
    })
    const index = encodeIndex([platform('amd64', a), platform('arm64', b)])
    await putText(storage, index.bytes)
    const kept = await keysOf(storage, 'layers')
    await pulled(storage, index, 1000)
    graceIsOver()
    await new Collector(storage, { grace, keep: 3600 }).collect()
    assert.deepEqual(await keysOf(storage, 'layers'), kept)
    await new Collector(storage, { grace, keep: 700 }).collect()
    assert.deepEqual(await keysOf(storage, 'layers'), new Set())
  })

  it('deletes records that lead nowhere, or make no sense', async () => {
    const storage = createMemoryStorage()
    const image = await storeImage(storage, 'a')
    await record(storage, 'broken', image)
    await storage.records.put('manifests/nonsense', 'nonsense')
    await storage.records.put('builds/lost', { digest: image.descriptor.digest.replace(/.$/, '0') })
    const { digest } = await putText(storage, 'a')
    await storage.objects.delete(blobKey(digest))
    graceIsOver()
    await new Collector(storage, { grace }).collect()
    for (const folder of ['manifests', 'builds', 'layers'])
      assert.deepEqual(await keysOf(storage, folder), new Set())
  })

  it('says in a dry run what it would delete, and writes nothing', async () => {
    const storage = createMemoryStorage()
    await record(storage, 'a', await storeImage(storage, 'a'))
    await putText(storage, 'orphan')
    graceIsOver()
    const folders = ['layers', 'manifests', 'gc', 'pulls']
    const look = () => Promise.all(folders.map((folder) => keysOf(storage, folder)))
    const before = await look()
    const collector = new Collector(storage, { grace, keep: 0 })
    const { deleted } = await collector.collect({ dryRun: true })
    assert.deepEqual(await look(), before)
    const after = await collector.collect()
    assert.deepEqual(after.deleted, deleted)
    assert.deepEqual((await collector.collect()).deleted, { records: 0, blobs: 0, bytes: 0 })
  })

  it('that a fault ended is completed by the next', async () => {
    const storage = createMemoryStorage()
    await record(storage, 'a', await storeImage(storage, 'a', 'b', 'c'))
    graceIsOver()
    let deletions = 0
    const failing: Storage = {
      ...storage,
      objects: {
        list: (folder) => storage.objects.list(folder),
        delete: async (key) => {
          if ((deletions += 1) > 3) throw new StorageFailed('down')
          await storage.objects.delete(key)
        },
      },
    }
    await assert.rejects(new Collector(failing, { grace, keep: 0 }).collect(), StorageFailed)
    assert.equal((await keysOf(storage, 'gc/intents')).size, 1)
    await new Collector(storage, { grace, keep: 0 }).collect()
    assert.deepEqual(await keysOf(storage, 'layers'), new Set())
    assert.deepEqual(await keysOf(storage, 'manifests'), new Set())
  })

  it('does nothing where a young record of pulls is damaged', async () => {
    const storage = createMemoryStorage()
    await putText(storage, 'orphan')
    await storage.records.put('pulls/server/1', 'damaged')
    graceIsOver()
    await assert.rejects(new Collector(storage, { grace }).collect(), /pulls\/server\/1 is damaged/)
    assert.equal((await keysOf(storage, 'layers')).size, 1)
  })

  it('merges old records of pulls, and forgets those of what is gone', async () => {
    const storage = createMemoryStorage()
    const [a, b] = [await storeImage(storage, 'a'), await storeImage(storage, 'b')]
    for (const ago of [30, 20, 10]) await pulled(storage, a, ago)
    for (const ago of [9000, 8000]) await pulled(storage, b, ago)
    graceIsOver()
    const retention = { grace, keep: 7000 }
    await new Collector(storage, retention).collect()
    const [key, ...others] = await keysOf(storage, 'pulls')
    assert.deepEqual(others, [])
    const merged = JSON.stringify(await storage.records.get(key ?? ''))
    assert.ok(merged.includes(a.descriptor.digest) && !merged.includes(b.descriptor.digest))
    await new Collector(storage, retention).collect()
    assert.ok(await storage.blobs.stat(a.descriptor.digest))
  })
})

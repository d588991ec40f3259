import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { StorageFailed } from '../errors.ts'
import { createLogger } from '../logger.ts'
import type { Encoded } from '../oci/descriptor.ts'
import type { Storage } from '../storage/interfaces.ts'
import { blobKey } from '../storage/layout.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { Collector } from './collector.ts'
import { CollectionLeases } from './collectionLeases.ts'
import { jittery, keysOf, putText, storeImage } from './testing.ts'

const logger = createLogger('silent')

function leasesOf(context: TestContext, storage: Storage, grace: number): CollectionLeases {
  const leases = new CollectionLeases({ storage, grace, logger })
  context.after(() => leases.stop())
  return leases
}

const all = (storage: Storage) => keysOf(storage, 'layers')

/** A storage that does some work before each use of a key with a certain prefix. */
function before(
  storage: Storage,
  verb: 'list' | 'delete' | 'put',
  prefix: string,
  work: () => Promise<void>,
): Storage {
  const first = async (key: string) => {
    if (key.startsWith(prefix)) await work()
  }
  return {
    ...storage,
    objects: {
      async *list(folder) {
        if (verb === 'list') await first(folder)
        yield* storage.objects.list(folder)
      },
      async delete(key) {
        if (verb === 'delete') await first(key)
        return storage.objects.delete(key)
      },
    },
    records: {
      get: (key) => storage.records.get(key),
      list: (folder) => storage.records.list(folder),
      create: (key, value) => storage.records.create(key, value),
      put: async (key, value) => {
        if (verb === 'put') await first(key)
        return storage.records.put(key, value)
      },
    },
  }
}

/** Keeps only what is leased or very young. A collector has half of the grace to begin to delete. */
const nothing = { keep: 0, size: 0, grace: 0.2 }

/** Waits until nothing that was put before is young. */
const graceIsOver = () => sleep(nothing.grace * 1000 + 1)

describe('a lease', () => {
  it('is refused where a blob is missing', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a', 'b')
    const leases = leasesOf(context, storage, 60)
    const [layer] = [...(await all(storage))].filter((key) => key !== blobKey(manifest.descriptor.digest))
    await storage.objects.delete(layer ?? '')
    assert.equal(await leases.lease(manifest), false)
  })

  it('keeps all of an image, and only that, from the collector', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a', 'b')
    const kept = await all(storage)
    await storeImage(storage, 'c')
    const leases = leasesOf(context, storage, 60)
    assert.equal(await leases.lease(manifest), true)
    await graceIsOver()
    await new Collector(storage, nothing).collect()
    assert.deepEqual(await all(storage), kept)
  })

  it('costs one write for many images that are asked for at once, and none while it is fresh', async (context) => {
    const storage = createMemoryStorage()
    const manifests = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => storeImage(storage, name)))
    const leases = leasesOf(context, storage, 60)
    for (let times = 0; times < 3; times++) {
      await Promise.all(manifests.map((manifest) => leases.lease(manifest)))
    }
    assert.ok((await Array.fromAsync(storage.objects.list('pulls'))).length <= 2)
  })

  it('leaves no pile of records where nobody collects', async (context) => {
    const storage = createMemoryStorage()
    const leases = leasesOf(context, storage, 1)
    const lease = async (image: number) =>
      assert.ok(await leases.lease(await storeImage(storage, `${image}`)))
    for (let image = 0; image < 250; image++) await lease(image)
    await sleep(1_000)
    for (let image = 250; image < 300; image++) await lease(image)
    // Records are merged in the background. Without that, this loop never ends.
    while ((await Array.fromAsync(storage.objects.list('pulls'))).length > 100) await sleep(10)
  })

  it('is over when the grace is, unless the image is asked for again', async (context) => {
    const storage = createMemoryStorage()
    const [once, often] = [await storeImage(storage, 'a'), await storeImage(storage, 'b')]
    const leases = leasesOf(context, storage, 0.4)
    await leases.lease(once)
    for (let times = 0; times < 12; times++) {
      assert.equal(await leases.lease(often), true)
      await sleep(50)
    }
    await new Collector(storage, nothing).collect()
    const left = await all(storage)
    assert.ok(left.has(blobKey(often.descriptor.digest)))
    assert.ok(!left.has(blobKey(once.descriptor.digest)))
  })

  it('is looked at anew when a blob turned out to be missing', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a')
    const leases = leasesOf(context, storage, 60)
    assert.equal(await leases.lease(manifest), true)
    const { digest } = await putText(storage, 'a')
    await storage.objects.delete(blobKey(digest))
    assert.equal(await leases.lease(manifest), true)
    leases.forget(digest)
    assert.equal(await leases.lease(manifest), false)
  })

  it('stands aside for what is local when the storage does not answer', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a')
    const broken = before(storage, 'put', 'pulls/', () => Promise.reject(new StorageFailed('down')))
    const options = { storage: broken, grace: 60, logger }
    const [lost, local] = [
      new CollectionLeases(options),
      new CollectionLeases({ ...options, local: storage.blobs }),
    ]
    context.after(() => Promise.all([lost.stop(), local.stop()]))
    await assert.rejects(lost.lease(manifest), StorageFailed)
    assert.equal(await local.lease(manifest), true)
  })
})

describe('a lease that meets a collector', () => {
  it('spares the image when it comes before the collector’s last look', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a')
    const leases = leasesOf(context, storage, 60)
    await graceIsOver()
    let leasing: Promise<boolean> | undefined
    // The lease is written after the intent, so it has to wait for the collector.
    const slow = before(storage, 'put', 'gc/intents', async () => {
      await storage.records.put('pulls/seen/1', { holds: 0, manifests: [], blobs: [] })
      leasing ??= leases.lease(manifest)
      await sleep(20)
    })
    await new Collector(slow, nothing).collect()
    assert.equal(await leasing, true)
    assert.ok((await all(storage)).has(blobKey(manifest.descriptor.digest)))
  })

  it('is refused when it comes after, once the collector is done', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a')
    const leases = leasesOf(context, storage, 60)
    await graceIsOver()
    let leasing: Promise<boolean> | undefined
    let deleted = false
    const slow = before(storage, 'delete', 'layers/', async () => {
      leasing ??= leases.lease(manifest).then((leased) => {
        assert.ok(deleted, 'the lease was decided while blobs were deleted')
        return leased
      })
      await sleep(50)
    })
    const takeBack = before(slow, 'delete', 'gc/intents', async () => void (deleted = true))
    await new Collector(takeBack, nothing).collect()
    assert.equal(await leasing, false)
  })

  it('never loses a blob, however they interleave', async (context) => {
    const storage = createMemoryStorage()
    const slow = jittery(storage)
    const grace = 0.4
    const images = Array.from({ length: 12 }, (_, index) => ['shared', `even ${index % 2}`, `own ${index}`])
    const signal = AbortSignal.timeout(4_000)
    const seen = { leased: 0, remade: 0, collections: 0, deleted: 0 }
    const serve = async (leases: CollectionLeases, start: number) => {
      for (let round = start; !signal.aborted; round++) {
        const names = images[(round * 7) % images.length] ?? []
        let manifest = await storeImage(slow, ...names)
        await sleep(Math.random() * 60)
        while (!(await leases.lease(manifest))) {
          seen.remade += 1
          manifest = await storeImage(slow, ...names)
        }
        seen.leased += 1
        const until = performance.now() + (grace / 2) * 1000
        while (performance.now() < until) {
          for (const one of [manifest.descriptor, ...named(manifest)]) {
            const asked = performance.now()
            const there = await storage.blobs.stat(one.digest)
            assert.ok(there || asked > until, 'a blob of a leased image is gone')
          }
          await sleep(20)
        }
        await sleep(Math.random() * 100)
      }
    }
    const collect = async () => {
      const collector = new Collector(slow, { keep: 0, size: 0, grace: 0.01 })
      while (!signal.aborted) {
        const { deleted } = await collector.collect()
        seen.collections += 1
        seen.deleted += deleted.blobs
      }
    }
    const servers = [0, 1].map(() => leasesOf(context, slow, grace))
    await Promise.all([
      ...servers.flatMap((leases, index) => [serve(leases, index), serve(leases, index + 5)]),
      collect(),
      collect(),
    ])
    assert.ok(seen.leased > 10 && seen.deleted > 10, JSON.stringify(seen))
    context.diagnostic(JSON.stringify(seen))
  })
})

function named({ bytes }: Encoded): readonly Encoded['descriptor'][] {
  const { config, layers } = JSON.parse(bytes.toString()) as Record<'config', Encoded['descriptor']> &
    Record<'layers', Encoded['descriptor'][]>
  return [config, ...layers]
}

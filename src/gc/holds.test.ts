import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { StorageFailed } from '../errors.ts'
import { createLogger } from '../logger.ts'
import type { Encoded } from '../oci/descriptor.ts'
import type { Storage } from '../storage/interfaces.ts'
import { blobKey } from '../storage/layout.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import { Collector } from './collector.ts'
import { Holds } from './holds.ts'
import { keysOf, putText, storeImage } from './testing.ts'

const logger = createLogger('silent')

function holdsOf(context: TestContext, storage: Storage, grace: number): Holds {
  const holds = new Holds({ storage, grace, logger })
  context.after(() => holds.stop())
  return holds
}

const all = (storage: Storage) => keysOf(storage, 'layers')

/** The storage, with something done first whenever a key that starts with a prefix is asked for. */
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
      put: async (key, value) => {
        if (verb === 'put') await first(key)
        return storage.records.put(key, value)
      },
    },
  }
}

/** Keeps nothing that is not held, and little for being young. It has half of the grace to begin to delete. */
const nothing = { keep: 0, size: 0, grace: 0.2 }

/** After it, nothing that was put before is young. */
const graceIsOver = () => sleep(nothing.grace * 1000 + 1)

describe('a hold', () => {
  it('is refused where a blob is missing', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a', 'b')
    const holds = holdsOf(context, storage, 60)
    const [layer] = [...(await all(storage))].filter((key) => key !== blobKey(manifest.descriptor.digest))
    await storage.objects.delete(layer ?? '')
    assert.equal(await holds.hold(manifest), false)
  })

  it('keeps all of an image, and only that, from the collector', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a', 'b')
    const kept = await all(storage)
    await storeImage(storage, 'c')
    const holds = holdsOf(context, storage, 60)
    assert.equal(await holds.hold(manifest), true)
    await graceIsOver()
    await new Collector(storage, nothing).collect()
    assert.deepEqual(await all(storage), kept)
  })

  it('costs one write for many images that are asked for at once, and none while it is fresh', async (context) => {
    const storage = createMemoryStorage()
    const manifests = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => storeImage(storage, name)))
    const holds = holdsOf(context, storage, 60)
    for (let times = 0; times < 3; times++) {
      await Promise.all(manifests.map((manifest) => holds.hold(manifest)))
    }
    assert.ok((await Array.fromAsync(storage.objects.list('pulls'))).length <= 2)
  })

  it('leaves no pile of records where nobody collects', async (context) => {
    const storage = createMemoryStorage()
    const holds = holdsOf(context, storage, 1)
    const hold = async (image: number) => assert.ok(await holds.hold(await storeImage(storage, `${image}`)))
    for (let image = 0; image < 250; image++) await hold(image)
    await sleep(1_000)
    for (let image = 250; image < 300; image++) await hold(image)
    // Merging goes on beside the answers; without it this never ends.
    while ((await Array.fromAsync(storage.objects.list('pulls'))).length > 100) await sleep(10)
  })

  it('is over when the grace is, unless the image is asked for again', async (context) => {
    const storage = createMemoryStorage()
    const [once, often] = [await storeImage(storage, 'a'), await storeImage(storage, 'b')]
    const holds = holdsOf(context, storage, 0.4)
    await holds.hold(once)
    for (let times = 0; times < 12; times++) {
      assert.equal(await holds.hold(often), true)
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
    const holds = holdsOf(context, storage, 60)
    assert.equal(await holds.hold(manifest), true)
    const { digest } = await putText(storage, 'a')
    await storage.objects.delete(blobKey(digest))
    assert.equal(await holds.hold(manifest), true)
    holds.forget(digest)
    assert.equal(await holds.hold(manifest), false)
  })

  it('stands aside for what is local when the storage does not answer', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a')
    const broken = before(storage, 'put', 'pulls/', () => Promise.reject(new StorageFailed('down')))
    const options = { storage: broken, grace: 60, logger }
    const [lost, local] = [new Holds(options), new Holds({ ...options, local: storage.blobs })]
    context.after(() => Promise.all([lost.stop(), local.stop()]))
    await assert.rejects(lost.hold(manifest), StorageFailed)
    assert.equal(await local.hold(manifest), true)
  })
})

describe('a hold that meets a collector', () => {
  it('spares the image when it comes before the collector’s last look', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a')
    const holds = holdsOf(context, storage, 60)
    await graceIsOver()
    let holding: Promise<boolean> | undefined
    // The hold is written when the intent stands already; then it has to wait for the collector.
    const slow = before(storage, 'put', 'gc/intents', async () => {
      await storage.records.put('pulls/seen/1', { holds: 0, manifests: [], blobs: [] })
      holding ??= holds.hold(manifest)
      await sleep(20)
    })
    await new Collector(slow, nothing).collect()
    assert.equal(await holding, true)
    assert.ok((await all(storage)).has(blobKey(manifest.descriptor.digest)))
  })

  it('is refused when it comes after, once the collector is done', async (context) => {
    const storage = createMemoryStorage()
    const manifest = await storeImage(storage, 'a')
    const holds = holdsOf(context, storage, 60)
    await graceIsOver()
    let holding: Promise<boolean> | undefined
    let deleted = false
    const slow = before(storage, 'delete', 'layers/', async () => {
      holding ??= holds.hold(manifest).then((held) => {
        assert.ok(deleted, 'the hold was decided while blobs were deleted')
        return held
      })
      await sleep(50)
    })
    const takeBack = before(slow, 'delete', 'gc/intents', async () => void (deleted = true))
    await new Collector(takeBack, nothing).collect()
    assert.equal(await holding, false)
  })

  it('never loses a blob, however they interleave', async (context) => {
    const storage = createMemoryStorage()
    const slow = jittery(storage)
    const grace = 0.4
    const images = Array.from({ length: 12 }, (_, index) => ['shared', `even ${index % 2}`, `own ${index}`])
    const signal = AbortSignal.timeout(4_000)
    const seen = { held: 0, remade: 0, collections: 0, deleted: 0 }
    const serve = async (holds: Holds, turn: number) => {
      for (let round = turn; !signal.aborted; round++) {
        const names = images[(round * 7) % images.length] ?? []
        let manifest = await storeImage(slow, ...names)
        await sleep(Math.random() * 60)
        while (!(await holds.hold(manifest))) {
          seen.remade += 1
          manifest = await storeImage(slow, ...names)
        }
        seen.held += 1
        const until = performance.now() + (grace / 2) * 1000
        while (performance.now() < until) {
          for (const one of [manifest.descriptor, ...named(manifest)]) {
            const asked = performance.now()
            const there = await storage.blobs.stat(one.digest)
            assert.ok(there || asked > until, 'a blob of a held image is gone')
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
    const servers = [0, 1].map(() => holdsOf(context, slow, grace))
    await Promise.all([
      ...servers.flatMap((holds, index) => [serve(holds, index), serve(holds, index + 5)]),
      collect(),
      collect(),
    ])
    assert.ok(seen.held > 10 && seen.deleted > 10, JSON.stringify(seen))
    context.diagnostic(JSON.stringify(seen))
  })
})

function named({ bytes }: Encoded): readonly Encoded['descriptor'][] {
  const { config, layers } = JSON.parse(bytes.toString()) as Record<'config', Encoded['descriptor']> &
    Record<'layers', Encoded['descriptor'][]>
  return [config, ...layers]
}

/** A storage whose every answer takes its time, before or after it is true. */
function jittery(storage: Storage): Storage {
  const wait = () => sleep(Math.random() * 8)
  const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
    await wait()
    const result = await work()
    await wait()
    return result
  }
  return {
    blobs: {
      stat: (digest) => slowly(() => storage.blobs.stat(digest)),
      open: (digest, range) => slowly(() => storage.blobs.open(digest, range)),
      put: (write) => slowly(() => storage.blobs.put(write)),
    },
    records: {
      get: (key) => slowly(() => storage.records.get(key)),
      put: (key, value) => slowly(() => storage.records.put(key, value)),
      async *list(folder) {
        yield* await slowly(() => Array.fromAsync(storage.records.list(folder)))
      },
    },
    objects: {
      delete: (key) => slowly(() => storage.objects.delete(key)),
      async *list(folder) {
        yield* await slowly(() => Array.fromAsync(storage.objects.list(folder)))
      },
    },
  }
}

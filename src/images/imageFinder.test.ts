import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  EvaluationFailed,
  ImageNotBuilt,
  PackagesNotFound,
  StorageFailed,
  type NixeryError,
} from '../errors.ts'
import { CollectionLeases } from '../gc/collectionLeases.ts'
import { storeImage } from '../gc/testing.ts'
import { parseImageName } from '../image/name.ts'
import { createLogger } from '../logger.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { LocalQueue } from '../queue/localQueue.ts'
import { layout } from '../storage/layout.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { Records } from '../storage/records.ts'
import { ImageFinder } from './imageFinder.ts'
import { ImageKeys } from './imageKeys.ts'
import { ImageRecords } from './imageRecords.ts'
import type { ImageOrder } from './inventory.ts'

const order: ImageOrder = {
  request: parseImageName('gti'),
  revision: { id: 'path:1', label: 'path (1)', trusted: true },
  architecture: 'amd64',
}

/** A finder whose builds all fail, and how many of them there were. */
function failingWith(
  fault: NixeryError,
  context: TestContext,
  factsOf: () => Promise<undefined> = async () => undefined,
) {
  const storage = createMemoryStorage()
  const leases = new CollectionLeases({ storage, grace: 60, logger: createLogger('silent') })
  context.after(() => leases.stop())
  const plan = () => []
  const layering = { identity: 'any', table: undefined, isFinal: true, plan, planWithoutTable: plan }
  const layerings = { choose: async () => layering }
  const builds = { count: 0 }
  const queue = new LocalQueue<ImageOrder, Descriptor>({
    work: async () => {
      builds.count += 1
      throw new ImageNotBuilt(`build ${builds.count}`, fault)
    },
    concurrency: 1,
    queueLimit: 10,
    deadline: 60,
  })
  const records = new ImageRecords(storage, leases)
  const keys = new ImageKeys({ identity: { environment: {}, codec: 'gzip' }, layerings })
  return {
    finder: new ImageFinder({
      keys,
      records,
      queue,
      facts: { of: factsOf },
    }),
    builds,
    /** Makes it known which image answers the order. */
    makeKnown: async () => {
      const { descriptor } = await storeImage(storage, 'layer')
      const { key } = await keys.of(order)
      await new Records(storage.records, layout.images).put([key], descriptor)
      return descriptor.digest
    },
  }
}

const buildOf = (name: string) => (error: unknown) => error instanceof ImageNotBuilt && error.build === name

test('a refusal is remembered with the build that found it, and nothing is built again', async (context) => {
  const { finder, builds } = failingWith(
    new PackagesNotFound([{ attribute: 'gti', nearMisses: ['git'] }]),
    context,
  )
  for (let times = 0; times < 3; times++) await assert.rejects(finder.find(order), buildOf('build 1'))
  assert.equal(builds.count, 1)
})

test('any other failure is tried again with the next request', async (context) => {
  const { finder, builds } = failingWith(new EvaluationFailed('the set is broken'), context)
  await assert.rejects(finder.find(order), buildOf('build 1'))
  await assert.rejects(finder.find(order), buildOf('build 2'))
  assert.equal(builds.count, 2)
})

const fault = new EvaluationFailed('the set is broken')

test('ATTACK: an image whose packages are not recorded any more is evaluated before rules let it pass', async (context) => {
  const { finder, builds, makeKnown } = failingWith(fault, context)
  const digest = await makeKnown()
  assert.equal((await finder.find(order)).image.manifest.descriptor.digest, digest)
  assert.equal(builds.count, 0)
  await assert.rejects(
    finder.find(order, 'client', () => {}),
    buildOf('build 1'),
  )
})

test('a known image is found while records of packages cannot be read, unless rules look at them', async (context) => {
  const away = new StorageFailed('the storage is away')
  const { finder, makeKnown } = failingWith(fault, context, () => Promise.reject(away))
  const digest = await makeKnown()
  assert.equal((await finder.find(order)).image.manifest.descriptor.digest, digest)
  await assert.rejects(
    finder.find(order, 'client', () => {}),
    away,
  )
})

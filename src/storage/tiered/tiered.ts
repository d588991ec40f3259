import { randomUUID } from 'node:crypto'
import { StorageFailed } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { BlobStore, SignsUrls, Storage } from '../interfaces.ts'
import { layout } from '../layout.ts'
import { Records } from '../records.ts'
import { GuardedStorage, type GuardOptions } from './guard.ts'
import { LocalTier } from './localTier.ts'
import { MemoryTier } from './memoryTier.ts'
import { TieredBlobs } from './tieredBlobs.ts'
import { TieredRecords } from './tieredRecords.ts'

/** Milliseconds between checks that the bucket is still the same. */
const watchInterval = 30_000
const patient: GuardOptions = { patience: 5_000, pause: 2_000 }

/** @internal tests open tiers with other options */
export interface TierOptions {
  readonly folder: string
  /** Bytes of the copies in the folder, and of those in memory. */
  readonly size: number
  readonly memory: number
  readonly logger: Logger
  readonly guard?: GuardOptions
  /** Called if the bucket has been replaced or emptied: what was known about it is no longer true. */
  readonly onForeign: () => void
}

/** A bucket with copies near the server, as its users see it. */
export interface TieredStorage {
  /** For answers to clients: reads from the nearest tier. */
  readonly serving: Storage
  /** For builds: asks the bucket whether a blob exists; otherwise like `serving`. */
  readonly building: Storage
  /** The bucket itself, which answers or fails within seconds. */
  readonly truth: Storage
  /** Blobs that can be served without the bucket. */
  readonly local: Pick<BlobStore, 'stat'>
  /** Checks now that the copies belong to the bucket. @throws StorageFailed */
  check(): Promise<void>
  /** Ends the looking and the copying in the background. */
  close(): Promise<void>
}

/**
 * Puts memory and a folder in front of a bucket. The bucket is the truth: only what it has counts as stored,
 * and copies of another bucket are removed. @throws StorageFailed
 */
export async function createTieredStorage(bucket: Storage, options: TierOptions): Promise<TieredStorage> {
  const { logger } = options
  const truth = new GuardedStorage(bucket, options.guard ?? patient)
  const memory = new MemoryTier(options.memory)
  const local = await LocalTier.open(options.folder, options.size, logger)
  const tiers = { memory, local, logger }
  const blobs = new TieredBlobs({ ...tiers, bucket: truth.blobs })
  const records = new TieredRecords({ ...tiers, bucket: truth.records })
  const isForeign = async () => {
    if (!(await local.belongTo(await readIdentity(truth)))) return false
    memory.clear()
    logger.warn('the local copies were of another bucket, or the bucket was emptied: they are gone')
    return true
  }
  const check = async () => {
    if (await isForeign()) options.onForeign()
  }
  await isForeign()
  let checking: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    checking = check().catch((error: unknown) =>
      logger.debug({ err: error }, 'the bucket does not say which one it is'),
    )
  }, watchInterval).unref()
  const remove = async (key: string) => {
    await truth.objects.delete(key)
    memory.delete(key)
    await local.drop(key)
  }
  const { urls } = bucket
  const serving: Storage = {
    blobs,
    files: blobs,
    records,
    objects: { list: (below) => truth.objects.list(below), delete: remove },
    ...(urls && { urls: linksWhileUp(urls, truth, local) }),
  }
  const building: Storage = {
    ...serving,
    blobs: {
      stat: (digest) => truth.blobs.stat(digest),
      open: (digest, range) => blobs.open(digest, range),
      put: (write) => blobs.put(write),
    },
  }
  const close = async () => {
    clearInterval(timer)
    await Promise.all([checking, blobs.close()])
  }
  return { serving, building, truth, local, check, close }
}

/**
 * If there is a copy here, clients are not sent to a bucket that does not answer or does not have the blob.
 */
function linksWhileUp(urls: SignsUrls, truth: Storage, local: LocalTier): SignsUrls {
  return {
    url: async (digest) => {
      const there = await truth.blobs.stat(digest).catch(async (error: unknown) => {
        if (await local.stat(digest)) return undefined
        throw error
      })
      return there && urls.url(digest)
    },
  }
}

/** Distinguishes this bucket from all others, and from itself after it was emptied. */
async function readIdentity({ records }: Pick<Storage, 'records'>): Promise<string> {
  const identities = new Records(records, layout.identity)
  const known = await identities.get()
  if (known) return known.id
  await identities.put([], { id: randomUUID() })
  // If several servers start at the same moment, the last one names it.
  const named = await identities.get()
  if (!named) throw new StorageFailed('the bucket does not give back what was just put')
  return named.id
}

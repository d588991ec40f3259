import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { StorageFailed } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { BlobStore, SignsUrls, Storage } from '../interfaces.ts'
import { GuardedStorage, type GuardOptions } from './guard.ts'
import { LocalTier } from './localTier.ts'
import { MemoryTier } from './memoryTier.ts'
import { TieredBlobs } from './tieredBlobs.ts'
import { TieredRecords } from './tieredRecords.ts'

const identityKey = 'identity/storage'
const identitySchema = z.object({ id: z.string() })

/** Milliseconds between looks whether the bucket is still the same. */
const watchInterval = 30_000
const patient: GuardOptions = { patience: 5_000, pause: 2_000 }

export interface TierOptions {
  readonly folder: string
  /** Bytes of the copies in the folder, and of those in memory. */
  readonly size: number
  readonly memory: number
  readonly logger: Logger
  readonly guard?: GuardOptions
  /** The bucket has become another one, or was emptied: what was known of it is not true. */
  readonly onForeign: () => void
}

/** The faces of a bucket with copies near to the server. */
export interface TieredStorage {
  /** To answer clients: from the nearest tier. */
  readonly serving: Storage
  /** To build: whether a blob is there, the bucket says; all else as for clients. */
  readonly building: Storage
  /** The bucket itself, which answers or fails within seconds. */
  readonly truth: Storage
  /** Blobs that can be served without the bucket. */
  readonly local: Pick<BlobStore, 'stat'>
  /** Looks now whether the copies belong to the bucket. @throws StorageFailed */
  check(): Promise<void>
  /** Ends the looking and the copying in the background. */
  close(): Promise<void>
}

/**
 * Puts memory and a folder in front of a bucket. The bucket is the truth: nothing counts as stored that it has not got,
 * and copies that are not of this very bucket go. @throws StorageFailed
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

/** Clients are not sent to a bucket that does not answer, or lacks the blob, when there is a copy here. */
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

/** What tells this bucket from all others, and from itself after it was emptied. */
async function readIdentity({ records }: Pick<Storage, 'records'>): Promise<string> {
  const read = async () => identitySchema.safeParse(await records.get(identityKey)).data?.id
  const known = await read()
  if (known !== undefined) return known
  await records.put(identityKey, { id: randomUUID() })
  // Of servers that start at the same moment the last one names it.
  const named = await read()
  if (named === undefined) throw new StorageFailed('the bucket does not give back what was just put')
  return named
}

import { Readable, type Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import PQueue from 'p-queue'
import { BlobUnknown } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { digestOf, type Digest } from '../../oci/digest.ts'
import type { BlobFile, BlobStore, ByteRange, OpensFiles, StoredBlob } from '../interfaces.ts'
import { blobKey } from '../layout.ts'
import { boundsOf } from '../range.ts'
import type { LocalTier } from './localTier.ts'
import type { MemoryTier } from './memoryTier.ts'
import { putWithCopy } from './tee.ts'

/** Copies that are fetched at once. */
const fetchesAtOnce = 2

interface Tiers {
  readonly memory: MemoryTier
  readonly local: LocalTier
  readonly bucket: BlobStore
  readonly logger: Logger
}

/**
 * Blobs from the nearest tier that has them. Their digest proves that they are right, wherever they come
 * from. A blob counts as stored when the bucket has it.
 */
export class TieredBlobs implements BlobStore, OpensFiles {
  readonly #tiers: Tiers
  readonly #fetching = new Set<Digest>()
  readonly #queue = new PQueue({ concurrency: fetchesAtOnce })
  readonly #stop = new AbortController()

  constructor(tiers: Tiers) {
    this.#tiers = tiers
  }

  async stat(digest: Digest): Promise<{ readonly size: number } | undefined> {
    const { memory, local, bucket } = this.#tiers
    const size = memory.get(blobKey(digest))?.length
    if (size !== undefined) return { size }
    return (await local.stat(digest)) ?? bucket.stat(digest)
  }

  async open(digest: Digest, range?: ByteRange): Promise<Readable> {
    const { memory, local, bucket } = this.#tiers
    const known = memory.get(blobKey(digest))
    if (known) return part(known, range)
    const copy = await local.stat(digest)
    if (copy) {
      const stream = await local.blobs.open(digest, range).catch(unlessUnknown)
      if (stream) return memory.takes(copy.size) ? this.#small(digest, stream, range) : stream
    }
    const found = await bucket.stat(digest)
    if (!found) throw new BlobUnknown(digest)
    if (memory.takes(found.size)) return this.#small(digest, await bucket.open(digest), range, true)
    if (found.size <= local.largest) this.#fetch(digest)
    return bucket.open(digest, range)
  }

  /** The file of the local copy. Small blobs have none: they are opened, from memory or into it. */
  async file(digest: Digest): Promise<BlobFile | undefined> {
    const { memory, local } = this.#tiers
    const copy = await local.stat(digest)
    return copy && !memory.takes(copy.size) ? local.file(digest) : undefined
  }

  async put(write: (sink: Writable) => Promise<void>): Promise<StoredBlob> {
    const { local, bucket } = this.#tiers
    const { stored, copied } = await putWithCopy(bucket, local.blobs, write)
    if (copied && stored.size <= local.largest) local.recordCopy(stored)
    else if (copied) await local.drop(blobKey(stored.digest))
    return stored
  }

  /** Ends the copying in the background. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#queue.clear()
    await this.#queue.onIdle()
  }

  /** Reads a small blob completely and keeps it. Only complete reads are kept, not ranges. */
  async #small(
    digest: Digest,
    stream: Readable,
    range: ByteRange | undefined,
    isWhole = range === undefined,
  ): Promise<Readable> {
    const { memory, local } = this.#tiers
    if (!isWhole) return stream
    const bytes = await buffer(stream)
    if (digestOf(bytes) !== digest) throw new BlobUnknown(digest)
    memory.set(blobKey(digest), bytes)
    if (!(await local.stat(digest)))
      await this.#copy(async () => Readable.from([bytes], { objectMode: false }))
    return part(bytes, range)
  }

  /** Fetches a copy of a blob. Meanwhile it is served from the bucket. */
  #fetch(digest: Digest): void {
    if (this.#fetching.has(digest)) return
    this.#fetching.add(digest)
    void this.#queue
      .add(() => this.#copy(() => this.#tiers.bucket.open(digest)))
      .finally(() => this.#fetching.delete(digest))
  }

  async #copy(open: () => Promise<Readable>): Promise<void> {
    const { local, logger } = this.#tiers
    try {
      const { signal } = this.#stop
      local.recordCopy(await local.blobs.put(async (sink) => pipeline(await open(), sink, { signal })))
    } catch (error) {
      logger.debug({ err: error }, 'a blob could not be copied')
    }
  }
}

function part(bytes: Buffer, range: ByteRange | undefined): Readable {
  const { start, end } = boundsOf(range, bytes.length)
  return Readable.from([bytes.subarray(start, end + 1)], { objectMode: false })
}

function unlessUnknown(error: unknown): undefined {
  if (error instanceof BlobUnknown) return undefined
  throw error
}

import { createHash } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LRUCache } from 'lru-cache'
import { BlobUnknown } from '../../errors.ts'
import { hexOf, type Digest } from '../../oci/digest.ts'
import type { BlobStore, ByteRange, StoredBlob } from '../interfaces.ts'
import { blobKey } from '../layout.ts'
import { boundsOf } from '../range.ts'
import type { Bucket, ObjectState } from './bucket.ts'
import { readToTheEnd } from './readToTheEnd.ts'
import type { Spool } from './spool.ts'

/** Blobs whose content was hashed because their object had no note of its digest. */
const rememberedBlobs = 100_000

/**
 * Blobs as objects named by their digest. An object that a server put has a note of its digest and size.
 * Other objects (copied by hand, say) are hashed once. A blob that does not match its name counts as missing.
 */
export class BucketBlobs implements BlobStore {
  readonly #bucket: Bucket
  readonly #spool: Spool
  readonly #hashed = new LRUCache<Digest, { readonly version: string; readonly sound: boolean }>({
    max: rememberedBlobs,
  })

  constructor(bucket: Bucket, spool: Spool) {
    this.#bucket = bucket
    this.#spool = spool
  }

  /** Asks the bucket every time: another server may have deleted the blob. */
  async stat(digest: Digest): Promise<{ readonly size: number } | undefined> {
    const state = await this.#bucket.state(blobKey(digest))
    return state && (await this.#isSound(digest, state)) ? { size: state.size } : undefined
  }

  async open(digest: Digest, range?: ByteRange): Promise<Readable> {
    const found = await this.stat(digest)
    if (!found) throw new BlobUnknown(digest)
    const bounds = boundsOf(range, found.size)
    const stream = await readToTheEnd(this.#bucket, blobKey(digest), bounds)
    if (!stream) throw new BlobUnknown(digest)
    return stream
  }

  async put(write: (sink: Writable) => Promise<void>): Promise<StoredBlob> {
    return this.#spool.withFile(write, async (file) => {
      await this.#bucket.putBlob(file)
      return { digest: file.digest, size: file.size }
    })
  }

  async #isSound(digest: Digest, { digest: recorded, size, version }: ObjectState): Promise<boolean> {
    if (recorded !== undefined) return recorded === digest
    const known = this.#hashed.get(digest)
    if (known?.version === version) return known.sound
    const stream = await readToTheEnd(this.#bucket, blobKey(digest), { start: 0, end: size - 1 })
    if (!stream) return false
    const hash = createHash('sha256')
    await pipeline(stream, hash)
    const sound = hash.digest('hex') === hexOf(digest)
    this.#hashed.set(digest, { version, sound })
    return sound
  }
}

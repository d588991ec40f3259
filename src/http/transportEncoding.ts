import type { Readable, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip, createZstdCompress } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import type { Digest } from '../oci/digest.ts'
import type { BlobStore } from '../storage/interfaces.ts'
import { chooseCoding } from './acceptEncoding.ts'

const encoders: Readonly<Record<string, () => Transform>> = { zstd: createZstdCompress, gzip: createGzip }

/** `ustar` in the first header of a tar (POSIX, pax interchange format). */
const magic = { start: 257, end: 261, text: 'ustar' }

/** Blobs of which it is remembered whether they are a plain tar. */
const remembered = 10_000

/** Compresses on the way what is stored uncompressed, and nothing else: a compressed layer would only grow. */
export class TransportEncoding {
  readonly #blobs: BlobStore
  readonly #isTar = new LRUCache<Digest, boolean>({ max: remembered })

  constructor(blobs: BlobStore) {
    this.#blobs = blobs
  }

  /** Whether the answer for a blob depends on `Accept-Encoding` at all. */
  async appliesTo(digest: Digest, size: number): Promise<boolean> {
    if (size <= magic.end) return false
    const known = this.#isTar.get(digest)
    if (known !== undefined) return known
    const isTar = (await buffer(await this.#blobs.open(digest, magic))).toString('latin1') === magic.text
    this.#isTar.set(digest, isTar)
    return isTar
  }

  /** The coding for a client, if it wants one. */
  choose(acceptEncoding: string | undefined): string | undefined {
    return chooseCoding(acceptEncoding, Object.keys(encoders))
  }

  encode(stream: Readable, coding: string): Readable {
    const encoder = encoders[coding]?.()
    if (!encoder) throw new TypeError(`no transport coding ${coding}`)
    stream.on('error', (error) => encoder.destroy(error))
    encoder.on('close', () => stream.destroy())
    return stream.pipe(encoder)
  }
}

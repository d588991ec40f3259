import type { Readable, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip, createZstdCompress } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import type { ServedBlob } from '../images/servedBlob.ts'
import type { Digest } from '../oci/digest.ts'
import { chooseCoding } from './acceptEncoding.ts'

const encoders: Readonly<Record<string, () => Transform>> = { zstd: createZstdCompress, gzip: createGzip }

/** `ustar` in the first header of a tar (POSIX, pax interchange format). */
const magic = { start: 257, end: 261, text: 'ustar' }

/** Most blobs of which we remember whether they are an uncompressed tar. */
const remembered = 10_000

/** Compresses uncompressed layers while they are sent. Other blobs would only grow. */
export class TransportEncoding {
  readonly #isTar = new LRUCache<Digest, boolean>({ max: remembered })

  /** Whether the answer for a blob depends on `Accept-Encoding`. @throws BlobUnknown, StorageFailed */
  async appliesTo({ digest, size, open }: Pick<ServedBlob, 'digest' | 'size' | 'open'>): Promise<boolean> {
    if (size <= magic.end) return false
    const known = this.#isTar.get(digest)
    if (known !== undefined) return known
    const isTar = (await buffer(await open(magic))).toString('latin1') === magic.text
    this.#isTar.set(digest, isTar)
    return isTar
  }

  /** The coding for a client. Undefined if it wants none of ours. */
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

import { pipeline } from 'node:stream/promises'
import PQueue from 'p-queue'
import { constants, createGzip, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { PackingFailed } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { mediaTypes } from '../oci/mediaTypes.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { Records } from '../storage/records.ts'
import { patient, SingleFlight } from '../work/singleFlight.ts'

/** Identifies the compressor. Its version is that of the runtime. */
const identity = `gzip-${constants.Z_DEFAULT_COMPRESSION}-zlib${process.versions.zlib}`
/** Layers that are recompressed at the same time. Each of them uses a thread of the runtime. */
const atOnce = 2

/** Layers for clients that cannot read zstd. They are recompressed for the first such client, and kept. */
export class GzipLayers {
  readonly #storage: Storage
  readonly #flights = new SingleFlight<Descriptor>()
  readonly #queue = new PQueue({ concurrency: atOnce })

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /**
   * The layer itself, or the same tar as gzip if Docker's schema 2 has no media type for the layer.
   * @throws BlobUnknown, StorageFailed, PackingFailed
   */
  readable(layer: Descriptor): Promise<Descriptor> {
    if (layer.mediaType !== mediaTypes.ociLayerZstd) return Promise.resolve(layer)
    return this.#flights.run(layer.digest, patient, () => this.#queue.add(() => this.#recompressed(layer)))
  }

  async #recompressed(layer: Descriptor): Promise<Descriptor> {
    const records = new Records(this.#storage.records, layout.recompressedLayers)
    const known = await records.get(identity, layer.digest)
    if (known && (await this.#storage.blobs.stat(known.digest))?.size === known.size) return known
    if (!readsAllFrames()) {
      throw new PackingFailed(
        `a zstd layer cannot be made gzip for a client of Docker's schema 2: Node ${process.versions.node} reads its beginning alone; run the server with Node 26`,
      )
    }
    const blob = await this.#storage.blobs.put(async (sink) => {
      await pipeline(await this.#storage.blobs.open(layer.digest), createZstdDecompress(), createGzip(), sink)
    })
    const made = { mediaType: mediaTypes.ociLayerGzip, digest: blob.digest, size: blob.size }
    await records.put([identity, layer.digest], made)
    return made
  }
}

/** Layers have several frames. Node 24 stops after the first one without an error. */
function readsAllFrames(): boolean {
  const frame = zstdCompressSync('x')
  return zstdDecompressSync(Buffer.concat([frame, frame])).length === 2
}

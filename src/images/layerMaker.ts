import PQueue from 'p-queue'
import type { LayerContent, Packer } from '../archive/packer.ts'
import type { Entry } from '../oci/entry.ts'
import type { Layer } from '../oci/layer.ts'
import type { PathInfo } from '../store/pathInfo.ts'
import { silently } from '../work/events.ts'
import { SingleFlight } from '../work/singleFlight.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import type { LayerRecord } from '../storage/recordValues.ts'
import { Records } from '../storage/records.ts'
import { layerKey } from './keys.ts'

/** Makes layers. A layer that was packed before is found by its store paths. */
export class LayerMaker {
  readonly #packer: Packer
  readonly #storage: Storage
  readonly #records: Records<[key: string], LayerRecord>
  readonly #making = new SingleFlight<Layer>()
  readonly #queue: PQueue

  /** @param atOnce how many layers are packed at the same time */
  constructor(packer: Packer, storage: Storage, atOnce: number) {
    this.#packer = packer
    this.#storage = storage
    this.#records = new Records(storage.records, layout.layers)
    this.#queue = new PQueue({ concurrency: atOnce })
  }

  get codec(): string {
    return this.#packer.codec
  }

  /**
   * Makes a layer of whole store paths. When the promise is fulfilled, the layer is stored.
   * @throws StorageFailed, or what packing throws
   */
  ofStorePaths(paths: readonly PathInfo[], signal: AbortSignal): Promise<Layer> {
    const key = layerKey(paths, this.#packer.codec)
    // If one caller gives up, the others still get the layer.
    return this.#making.run(key, silently(signal), async ({ signal: wanted }) => {
      const known = await this.#find(key)
      if (known) return known
      const size = paths.reduce((sum, { narSize }) => sum + narSize, 0)
      const layer = await this.#pack({ kind: 'storePaths', storePaths: paths }, size, wanted)
      const { digest: blob, size: bytes } = layer.descriptor
      await this.#records.put([key], { digest: blob, size: bytes, diffID: layer.diffID })
      return layer
    })
  }

  /** Makes a layer of entries that the server made itself. */
  ofEntries(entries: readonly Entry[], signal: AbortSignal): Promise<Layer> {
    return this.#pack({ kind: 'entries', entries }, 0, signal)
  }

  async #find(key: string): Promise<Layer | undefined> {
    const record = await this.#records.get(key)
    if (!record) return undefined
    const { diffID, ...blob } = record
    const there = await this.#storage.blobs.stat(blob.digest)
    return there?.size === blob.size ? this.#layer(blob, diffID) : undefined
  }

  /** Large layers go first, so that none of them is left for the end. */
  async #pack(content: LayerContent, size: number, signal: AbortSignal): Promise<Layer> {
    return this.#queue.add(
      async () => {
        signal.throwIfAborted()
        let diffID: Layer['diffID'] | undefined
        const blob = await this.#storage.blobs.put(async (sink) => {
          diffID = await this.#packer.pack(content, sink, signal)
        })
        if (!diffID) throw new Error('the storage did not ask for the bytes of a layer')
        return this.#layer(blob, diffID)
      },
      { priority: size },
    )
  }

  #layer(blob: Pick<Layer['descriptor'], 'digest' | 'size'>, diffID: Layer['diffID']): Layer {
    return { descriptor: { mediaType: this.#packer.mediaType, digest: blob.digest, size: blob.size }, diffID }
  }
}

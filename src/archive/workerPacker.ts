import type { Writable } from 'node:stream'
import type { Digest } from '../oci/digest.ts'
import { silently } from '../process/events.ts'
import { SharedWork } from '../process/sharedWork.ts'
import { CacheLimit } from './cacheLimit.ts'
import { checkEntries } from './checkEntries.ts'
import { createCodec, type Codec, type CodecChoice } from './codec.ts'
import { joinInto } from './joinJob.ts'
import type { Part } from './jobs.ts'
import { layerIdentity, layoutOf } from './layout.ts'
import type { LayerContent, Packer, StorePathContent } from './packer.ts'
import { request } from './threadJob.ts'
import { ThreadPool } from './threadPool.ts'

export interface PackerOptions {
  /** How many work side by side. */
  readonly threads: number
  /** What the layers are compressed with, when that is not gzip, which every client reads. */
  readonly codec?: CodecChoice
  /** Where the store paths lie, when that is not `/nix/store`. */
  readonly storeDirectory?: string
  /** Where compressed store paths are kept, and how many bytes of them. Without it, every layer is compressed anew. */
  readonly segmentCache?: { readonly folder: string; readonly limit: number }
  /** Is told why the segment cache cannot be written. Layers are made without it. */
  readonly onCacheFault?: (message: string) => void
}

/** A packer that makes layers in worker threads, which start when they are first needed. */
export function createPacker(options: PackerOptions): Packer {
  return new WorkerPacker(options)
}

/**
 * What goes first: layers whose parts are all there, and the question which parts are not; then the parts of the largest
 * store paths, so that none of these is left to be compressed alone at the end. Below, there is room for sizes in bytes.
 */
const joins = 2 ** 51
const surveys = 2 ** 52
const sweeps = 2 ** 52

class WorkerPacker implements Packer {
  readonly mediaType: string
  readonly codec: string
  readonly #codec: Codec
  readonly #pool: ThreadPool
  readonly #cuts = new SharedWork<void>()
  readonly #cache: CacheLimit | undefined

  constructor({ threads, segmentCache, onCacheFault = () => undefined, ...rest }: PackerOptions) {
    const { codec = { name: 'gzip' }, storeDirectory = '/nix/store' } = rest
    this.#codec = createCodec(codec)
    this.mediaType = this.#codec.mediaType
    this.codec = layerIdentity(this.#codec)
    const isCached = segmentCache !== undefined && segmentCache.limit > 0 && this.#codec.isCostly
    const cacheFolder = isCached ? segmentCache.folder : undefined
    this.#pool = new ThreadPool(threads, { codec, storeDirectory, cacheFolder })
    if (isCached)
      this.#cache = new CacheLimit(segmentCache.limit, () => this.#sweep(segmentCache.limit), onCacheFault)
  }

  async prepare(content: LayerContent, signal: AbortSignal): Promise<void> {
    if (content.kind === 'entries' || this.#cache?.canWrite !== true) return
    const { segments: storePaths } = layoutOf(content.storePaths.map(contentOf), this.#codec)
    if (storePaths.length === 0) return
    const job = { kind: 'survey', storePaths } as const
    const { absent } = await this.#pool.run((worker) => request(worker, job), surveys, signal)
    // The first that fails ends the others, unless somebody else wants them too.
    const others = new AbortController()
    const both = AbortSignal.any([signal, others.signal])
    const cutting = absent.map((part) =>
      this.#cuts.run(`${part.key}.${part.index}`, silently(both), (wanted) => this.#cut(part, wanted.signal)),
    )
    await Promise.all(cutting).catch((error: unknown) => {
      others.abort(error)
      throw error
    })
  }

  async pack(content: LayerContent, sink: Writable, signal: AbortSignal): Promise<Digest> {
    const [plain, size] = plainOf(content)
    const { diffID, ...cached } = await this.#pool.run(
      (worker) => joinInto(worker, plain, sink, signal),
      joins + size,
      signal,
    )
    this.#cache?.note(cached)
    return diffID
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  async #cut(part: Part, signal: AbortSignal): Promise<void> {
    if (this.#cache?.canWrite !== true) return
    const job = { kind: 'cut', part } as const
    this.#cache.note(await this.#pool.run((worker) => request(worker, job), part.segmentSize, signal))
  }

  async #sweep(limit: number): Promise<number> {
    const job = { kind: 'sweep', limit } as const
    return (await this.#pool.run((worker) => request(worker, job), sweeps)).total
  }
}

/** Without what the threads need not know, and its size, where it has store paths. */
function plainOf(content: LayerContent): readonly [LayerContent, number] {
  if (content.kind === 'entries') {
    checkEntries(content.entries)
    return [content, 0]
  }
  const storePaths = content.storePaths.map(contentOf)
  return [{ kind: 'storePaths', storePaths }, storePaths.reduce((sum, { narSize }) => sum + narSize, 0)]
}

function contentOf({ path, narHash, narSize }: StorePathContent): StorePathContent {
  return { path, narHash, narSize }
}

import type { Writable } from 'node:stream'
import type { Worker } from 'node:worker_threads'
import type { Digest } from '../oci/digest.ts'
import { CacheLimit } from './segments/cacheLimit.ts'
import { checkEntries } from './tar/checkEntries.ts'
import { createCodec, type CodecChoice } from './codec/codec.ts'
import { joinInto } from './threads/joinJob.ts'
import type { Delegated } from './segments/encode.ts'
import { layerIdentity } from './layout.ts'
import type { LayerContent, Packer, StorePathContent } from './packer.ts'
import { request } from './threads/threadJob.ts'
import { ThreadPool } from './threads/threadPool.ts'

interface PackerOptions {
  /** Number of worker threads. */
  readonly threads: number
  /** Compression of the layers. Default: gzip, which every client can read. */
  readonly codec?: CodecChoice
  /** Folder of the store paths. Default: `/nix/store`. */
  readonly storeDirectory?: string
  /**
   * Where compressed store paths are kept, and how many bytes of them. Without it, every layer is compressed
   * again.
   */
  readonly segmentCache?: { readonly folder: string; readonly limit: number }
  /** Called with the reason why the segment cache cannot be written. Layers are made without it then. */
  readonly onCacheFault?: (message: string) => void
}

/** A packer that makes layers in worker threads. They start when they are first needed. */
export function createPacker(options: PackerOptions): Packer {
  return new WorkerPacker(options)
}

/**
 * Priority of sweeps, higher than any layer's size in bytes. Large layers go first so that none is left for
 * the end.
 */
const sweeps = 2 ** 53

/** Most threads that help with one layer. The thread that hashes its tar cannot keep more of them busy. */
const mostHelpers = 8

class WorkerPacker implements Packer {
  readonly mediaType: string
  readonly codec: string
  readonly #pool: ThreadPool
  readonly #helpers: number
  readonly #cache: CacheLimit | undefined

  constructor({ threads, segmentCache, onCacheFault = () => undefined, ...rest }: PackerOptions) {
    const { codec = { name: 'gzip' }, storeDirectory = '/nix/store' } = rest
    const made = createCodec(codec)
    this.mediaType = made.mediaType
    this.codec = layerIdentity(made)
    const isCached = segmentCache !== undefined && segmentCache.limit > 0 && made.isCostly
    const cacheFolder = isCached ? segmentCache.folder : undefined
    this.#helpers = Math.min(threads - 1, mostHelpers)
    this.#pool = new ThreadPool(threads, { codec, storeDirectory, cacheFolder })
    if (isCached)
      this.#cache = new CacheLimit(segmentCache.limit, () => this.#sweep(segmentCache.limit), onCacheFault)
  }

  async pack(content: LayerContent, sink: Writable, signal: AbortSignal): Promise<Digest> {
    const [plain, size] = plainOf(content)
    const mayKeep = this.#cache?.canWrite === true
    const encode = (member: Delegated) => this.#encode(member)
    const unclaim = () => this.#pool.unclaim()
    const joining = { content: plain, mayKeep, helpers: this.#helpers, encode, unclaim }
    const { diffID, ...additions } = await this.#pool.run(
      (worker) => joinInto(worker, joining, sink, signal),
      size,
      signal,
    )
    this.#cache?.recordWrite(additions)
    return diffID
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  async #encode(member: Delegated): Promise<Uint8Array<ArrayBuffer>> {
    const job = { kind: 'encode', member } as const
    const start = (worker: Worker) => request(worker, job, [member.tar.buffer])
    const { member: encoded, ...additions } = await this.#pool.runClaimed(start)
    this.#cache?.recordWrite(additions)
    return encoded
  }

  async #sweep(limit: number): Promise<number> {
    const job = { kind: 'sweep', limit } as const
    return (await this.#pool.run((worker) => request(worker, job), sweeps)).total
  }
}

/** The content without what the threads do not need, and the size of its store paths in bytes. */
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

import { createHash } from 'node:crypto'
import { toDigest } from '../oci/digest.ts'
import { Additions } from './segments/additions.ts'
import { encode, type Delegated, type Uncompressed } from './segments/encode.ts'
import type { Results } from './threads/jobs.ts'
import { layoutOf } from './layout.ts'
import { members } from './members.ts'
import type { LayerContent, StorePathContent } from './packer.ts'
import type { SegmentCache } from './segments/segmentCache.ts'
import { serverTar } from './tar/serverTar.ts'
import { SourceKeeper } from './segments/sourceKeeper.ts'
import { isInStore, missing, storePathTar } from './tar/storePathTar.ts'
import { crc32 } from './codec/systemLibdeflate.ts'
import { endOfArchive } from './tar/tarHeader.ts'
import type { Tools } from './threads/tools.ts'

/** Takes the members of a blob in their order. */
export interface Outlet {
  /** @param bytes a buffer that nobody else uses */
  send(bytes: Uint8Array<ArrayBuffer>): void
  /** Whether another thread is free to compress one member. If so, the caller must call `delegate` next. */
  claimHelper(): boolean
  /** Sends a member for the claimed thread to compress. */
  delegate(member: Delegated): void
}

/** Bytes. Handing over a smaller member takes as long as compressing it. */
const worthDelegating = 256 * 1024

const parents = ['nix', 'nix/store'].map((path) => ({ kind: 'directory', path, mode: 0o755 }) as const)

/**
 * Makes the blob of a layer and returns the digest of its tar. Each store path is read once. Members that are
 * in the cache are sent as they are. The others are compressed here or by an idle thread, with the same
 * bytes.
 * @param mayKeep whether the cache may be written
 * @throws StorePathMissing if a store path is neither in the store nor in the cache; PackingFailed; what the
 * outlet throws
 */
export function joinLayer(
  content: LayerContent,
  mayKeep: boolean,
  tools: Tools,
  outlet: Outlet,
): Results['join'] {
  const additions = new Additions(mayKeep)
  const joiner = new LayerJoiner(tools, additions, outlet)
  if (content.kind === 'entries') joiner.addHead(serverTar(content.entries))
  else joiner.addStorePaths(content.storePaths)
  const diffID = joiner.end()
  return { diffID, ...additions.sum }
}

class LayerJoiner {
  readonly #tools: Tools
  readonly #cache: SegmentCache | undefined
  readonly #additions: Additions
  readonly #outlet: Outlet
  readonly #diffID = createHash('sha256')

  constructor(tools: Tools, additions: Additions, outlet: Outlet) {
    this.#tools = tools
    this.#cache = tools.cache?.segments
    this.#additions = additions
    this.#outlet = outlet
  }

  /** Adds entries that share members. */
  addHead(chunks: Iterable<Uint8Array>): void {
    for (const tar of members(chunks, this.#tools.memberBuffer)) this.#add(tar)
  }

  addStorePaths(storePaths: readonly StorePathContent[]): void {
    const { codec, storeDirectory, cache, pieceBuffer } = this.#tools
    const { shared, segments } = layoutOf(storePaths, codec)
    const collected = new Set(segments.filter(({ path }) => !isInStore(path, storeDirectory)))
    // If a path is known to be missing, fail before the first byte is sent.
    for (const one of collected) {
      if (this.#cache?.has({ key: this.#cache.keyOf(one), index: 0 }) !== true) throw missing(one)
    }
    const sources = new SourceKeeper(storeDirectory, cache?.sources, this.#additions, pieceBuffer)
    this.addHead(headOf(shared, sources))
    for (const one of segments) {
      if (collected.has(one)) this.#addFromCache(one)
      else this.#addFromStore(one)
    }
  }

  end() {
    this.#add(endOfArchive)
    return toDigest(`sha256:${this.#diffID.digest('hex')}`)
  }

  #addFromStore(content: StorePathContent): void {
    const { storeDirectory, memberBuffer } = this.#tools
    const cache = this.#cache
    const key = cache?.keyOf(content)
    const sums: number[] = []
    for (const { bytes: tar, isLast } of storePathTar(content, storeDirectory, memberBuffer)) {
      if (cache === undefined || key === undefined) {
        this.#add(tar)
        continue
      }
      const place = { key, index: sums.length }
      const sum = crc32(tar)
      const origin = { size: tar.length, sum, before: isLast ? [...sums] : undefined }
      const known = cache.recall(place, origin)
      if (known === undefined) this.#add(tar, { place, origin })
      else {
        this.#diffID.update(tar)
        this.#outlet.send(known)
      }
      sums.push(sum)
    }
  }

  #addFromCache(content: StorePathContent): void {
    if (this.#cache === undefined) throw missing(content)
    for (const { tar, member } of this.#cache.segment(content)) {
      this.#diffID.update(tar)
      this.#outlet.send(member)
    }
  }

  /** Adds a member that must be compressed. */
  #add(tar: Uint8Array, where?: Uncompressed['keep']): void {
    this.#diffID.update(tar)
    const { codec } = this.#tools
    const keep = this.#additions.areWelcome ? where : undefined
    if (codec.isCostly && tar.length >= worthDelegating && this.#outlet.claimHelper()) {
      this.#outlet.delegate({ tar: Uint8Array.from(tar), keep })
      return
    }
    const made = encode({ tar, keep }, codec, this.#cache)
    this.#additions.add(made)
    this.#outlet.send(Uint8Array.from(made.member))
  }
}

function* headOf(shared: readonly StorePathContent[], sources: SourceKeeper): Generator<Uint8Array> {
  yield* serverTar(parents)
  for (const content of shared) yield* sources.tarOf(content)
}

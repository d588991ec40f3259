import { memberSize } from './codec.ts'
import { members } from './members.ts'
import type { StorePathContent } from './packer.ts'
import { CacheFault, SegmentLost, type SegmentCache } from './segmentCache.ts'
import { isInStore, missing, storePathTar } from './storePathTar.ts'

/** Reads store paths that share members, and keeps a copy of each for the time when the store has it no more. */
export class SourceKeeper {
  /** Bytes that are new in the cache. */
  written = 0
  /** Why the cache could not be written. */
  fault: string | undefined
  readonly #storeDirectory: string
  readonly #cache: SegmentCache | undefined

  constructor(storeDirectory: string, cache: SegmentCache | undefined) {
    this.#storeDirectory = storeDirectory
    this.#cache = cache
  }

  /** The entries of a store path. A chunk is good until the next one is asked for. @throws StorePathMissing, PackingFailed */
  *tarOf(content: StorePathContent): Generator<Uint8Array> {
    const cache = this.#cache
    if (cache === undefined) {
      yield* storePathTar(content, this.#storeDirectory)
    } else if (isInStore(content.path, this.#storeDirectory)) {
      const tar = Buffer.concat(
        storePathTar(content, this.#storeDirectory)
          .map((chunk) => Buffer.from(chunk))
          .toArray(),
      )
      this.#keep(content, tar, cache)
      yield tar
    } else {
      yield* fromCache(content, cache)
    }
  }

  #keep(content: StorePathContent, tar: Buffer, cache: SegmentCache): void {
    const key = cache.keyOf(content)
    if (this.fault !== undefined || cache.has(key, 0)) return
    try {
      this.written += cache.write(key, 0, tar.length, encoded(tar, cache))
    } catch (error) {
      if (!(error instanceof CacheFault)) throw error
      this.fault = error.message
    }
  }
}

function* encoded(tar: Buffer, { codec }: SegmentCache) {
  for (const member of members([tar], Buffer.allocUnsafe(Math.min(tar.length, memberSize)))) {
    yield { tar: member, member: codec.encode(member) }
  }
}

function* fromCache(content: StorePathContent, cache: SegmentCache): Generator<Uint8Array> {
  try {
    for (const { tar } of cache.segment(cache.keyOf(content))) yield tar
  } catch (error) {
    if (!(error instanceof SegmentLost)) throw error
    throw missing(content)
  }
}

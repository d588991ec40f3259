import type { Additions } from './additions.ts'
import { encode } from './encode.ts'
import type { StorePathContent } from '../packer.ts'
import type { SegmentCache } from './segmentCache.ts'
import { isInStore, storePathTar } from '../tar/storePathTar.ts'
import { crc32 } from '../codec/systemLibdeflate.ts'

/** Reads store paths that share members. Keeps a copy of each, in case the store loses it. */
export class SourceKeeper {
  readonly #storeDirectory: string
  readonly #cache: SegmentCache | undefined
  readonly #additions: Additions
  readonly #buffer: Buffer

  /** @param buffer to read into. Its size is a multiple of 512 bytes. */
  constructor(storeDirectory: string, cache: SegmentCache | undefined, additions: Additions, buffer: Buffer) {
    this.#storeDirectory = storeDirectory
    this.#cache = cache
    this.#additions = additions
    this.#buffer = buffer
  }

  /**
   * The entries of a store path. A chunk is valid until the next one is read.
   * @throws StorePathMissing, PackingFailed
   */
  *tarOf(content: StorePathContent): Generator<Uint8Array> {
    if (this.#cache !== undefined && !isInStore(content.path, this.#storeDirectory)) {
      for (const { tar } of this.#cache.segment(content)) yield tar
      return
    }
    let isFirst = true
    for (const { bytes, isLast } of storePathTar(content, this.#storeDirectory, this.#buffer)) {
      // If there is a cache, store paths that share members are so small that they fit into one chunk.
      if (isFirst && isLast && this.#cache !== undefined) this.#keep(content, bytes, this.#cache)
      yield bytes
      isFirst = false
    }
  }

  #keep(content: StorePathContent, tar: Buffer, cache: SegmentCache): void {
    const place = { key: cache.keyOf(content), index: 0 }
    if (!this.#additions.areWelcome || cache.has(place)) return
    const origin = { size: tar.length, sum: crc32(tar), before: [] }
    this.#additions.add(encode({ tar, keep: { place, origin } }, cache.codec, cache))
  }
}

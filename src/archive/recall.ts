import { crc32 } from 'node:zlib'
import { membersInPart } from './layout.ts'
import type { StorePathContent } from './packer.ts'
import type { PartReader } from './partFile.ts'
import type { SegmentCache } from './segmentCache.ts'

/** Reads the members of a segment from the cache in step with its tar. */
export class Recall implements Disposable {
  readonly #cache: SegmentCache | undefined
  readonly #key: string
  #index = 0
  #reader: PartReader | undefined

  constructor(content: StorePathContent, cache: SegmentCache | undefined) {
    this.#cache = cache
    this.#key = cache?.keyOf(content) ?? ''
  }

  /** The next member, where the cache has it and it was made of these bytes. A part with another one is removed. */
  next(tar: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    const part = Math.floor(this.#index / membersInPart)
    if (this.#index % membersInPart === 0) {
      this.#reader?.close()
      this.#reader = this.#cache?.open(this.#key, part)
    }
    this.#index += 1
    const frame = this.#reader?.next()
    if (frame?.tarSize === tar.length && frame.tarSum === crc32(tar)) return frame.member
    if (this.#reader !== undefined) this.#cache?.drop(this.#key, part)
    this[Symbol.dispose]()
    return undefined
  }

  [Symbol.dispose](): void {
    this.#reader?.close()
    this.#reader = undefined
  }
}

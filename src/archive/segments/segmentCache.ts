import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { memberSize, type Codec } from '../codec/codec.ts'
import { readMember, writeMember, type Origin, type StoredMember } from './memberFile.ts'
import type { StorePathContent } from '../packer.ts'
import { baseName } from '../../store/storePath.ts'
import { missing } from '../tar/storePathTar.ts'
import { crc32 } from '../codec/systemLibdeflate.ts'

/** Raised whenever members are written in another way. */
const format = 2

/** Names of files that are being written begin so. */
export const temporaryPrefix = 'tmp-'

/** A cache that cannot be written, by no fault of what is packed. */
export class CacheFault extends Error {}

/** A member of a segment. */
export interface Place {
  /** Of the segment. */
  readonly key: string
  /** How many members of the segment are before it. */
  readonly index: number
}

/**
 * Store paths that were compressed before, in a folder with a file for each member. The folder is all that there is: other threads
 * and other servers may write to it and remove from it at any time. Synchronous: for worker threads.
 */
export class SegmentCache {
  readonly codec: Codec
  readonly #folder: string

  constructor(folder: string, codec: Codec) {
    this.#folder = folder
    this.codec = codec
  }

  /** Name of a store path's segment: equal where the bytes are. */
  keyOf({ path, narHash }: StorePathContent): string {
    const depends = [format, baseName(path), narHash, this.codec.identity, memberSize]
    return createHash('sha256').update(JSON.stringify(depends)).digest('hex').slice(0, 40)
  }

  has(place: Place): boolean {
    return existsSync(this.#path(place))
  }

  /** The member, where it is there and was made of the same. What was made of something else is removed, as what is damaged. */
  recall(place: Place, origin: Origin): Uint8Array<ArrayBuffer> | undefined {
    const stored = this.#read(place)
    if (stored === undefined || isSame(stored.origin, origin)) return stored?.member
    this.#drop(place)
    return undefined
  }

  /**
   * The whole segment, every member checked, of a store path that the store has no more.
   * @throws StorePathMissing when one is not there or damaged, or they do not belong together
   */
  *segment(
    content: StorePathContent,
  ): Generator<{ readonly tar: Uint8Array; readonly member: Uint8Array<ArrayBuffer> }> {
    const key = this.keyOf(content)
    const sums: number[] = []
    for (let index = 0; ; index++) {
      const stored = this.#read({ key, index })
      if (stored === undefined) throw missing(content)
      const { origin, member } = stored
      const tar = this.#decoded(member)
      const { size, sum, before } = origin
      const belongs = before === undefined || areEqual(before, sums)
      if (tar === undefined || tar.length !== size || crc32(tar) !== sum || !belongs) {
        this.#drop({ key, index })
        throw missing(content)
      }
      sums.push(sum)
      yield { tar, member }
      if (before !== undefined) return
    }
  }

  /** Answers the size of its file. @throws CacheFault */
  write(place: Place, origin: Origin, member: Uint8Array): number {
    try {
      mkdirSync(this.#folder, { recursive: true })
      const temporary = join(this.#folder, `${temporaryPrefix}${randomUUID()}`)
      return writeMember(this.#path(place), temporary, origin, member)
    } catch (cause) {
      throw new CacheFault(cause instanceof Error ? cause.message : String(cause), { cause })
    }
  }

  #read(place: Place): StoredMember | undefined {
    const stored = readMember(this.#path(place))
    if (stored === undefined) this.#drop(place)
    return stored
  }

  /** Removes what turned out to be damaged. */
  #drop(place: Place): void {
    try {
      rmSync(this.#path(place), { force: true })
    } catch {
      // Then it is found damaged again.
    }
  }

  #decoded(member: Uint8Array): Uint8Array | undefined {
    try {
      return this.codec.decode(member)
    } catch {
      return undefined
    }
  }

  #path({ key, index }: Place): string {
    return join(this.#folder, `${key}.${index}`)
  }
}

function isSame(one: Origin, other: Origin): boolean {
  if (one.size !== other.size || one.sum !== other.sum) return false
  if (one.before === undefined || other.before === undefined) return one.before === other.before
  return areEqual(one.before, other.before)
}

function areEqual(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at])
}

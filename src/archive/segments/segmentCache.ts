import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { memberSize, type Codec } from '../codec/codec.ts'
import { readMember, writeMember, type Origin, type StoredMember } from './memberFile.ts'
import type { StorePathContent } from '../packer.ts'
import { baseName } from '../../store/storePath.ts'
import { missing } from '../tar/storePathTar.ts'
import { crc32 } from '../codec/systemLibdeflate.ts'

/** Raised when members are written in another way. Old members are not found then. */
const segmentFormat = 2

/** Names of files that are being written begin with this. */
export const temporaryPrefix = 'tmp-'

/** The cache cannot be written. What is packed is not the reason. */
export class CacheFault extends Error {}

/** Which member of which segment. */
export interface Place {
  /** Of the segment. */
  readonly key: string
  /** Number of members of the segment before this one. */
  readonly index: number
}

/**
 * Store paths that were compressed before, in a folder with one file for each member. There is no other
 * state, so other threads and other servers may add and remove files at any time. It is synchronous, for
 * worker threads.
 */
export class SegmentCache {
  readonly codec: Codec
  readonly #folder: string

  constructor(folder: string, codec: Codec) {
    this.#folder = folder
    this.codec = codec
  }

  /** Name of a store path's segment. Segments with the same name have the same bytes. */
  keyOf({ path, narHash }: StorePathContent): string {
    const depends = [segmentFormat, baseName(path), narHash, this.codec.identity, memberSize]
    return createHash('sha256').update(JSON.stringify(depends)).digest('hex').slice(0, 40)
  }

  has(place: Place): boolean {
    return existsSync(this.#path(place))
  }

  /** Returns the member if it exists and was made of the same bytes. Removes a damaged or different one. */
  recall(place: Place, origin: Origin): Uint8Array<ArrayBuffer> | undefined {
    const stored = this.#read(place)
    if (stored === undefined || isSame(stored.origin, origin)) return stored?.member
    this.#drop(place)
    return undefined
  }

  /**
   * Reads the whole segment of a store path that is not in the store any more, and checks every member.
   * @throws StorePathMissing if a member is missing or damaged, or if the members do not belong together
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

  /** @returns the size of the file in bytes @throws CacheFault */
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

  /** Removes a damaged member. */
  #drop(place: Place): void {
    try {
      rmSync(this.#path(place), { force: true })
    } catch {
      // It will be found damaged again, and removed then.
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

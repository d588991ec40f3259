import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { memberSize, type Codec } from './codec.ts'
import { partSize } from './layout.ts'
import type { StorePathContent } from './packer.ts'
import { PartReader, PartWriter } from './partFile.ts'
import { baseName } from './storePathTar.ts'

/** Raised whenever parts are written in another way. */
const format = 1

/** Names of files that are being written begin so. */
export const temporaryPrefix = 'tmp-'

/** A cache that cannot be written, by no fault of what is packed. */
export class CacheFault extends Error {}

/** A segment that is not in the cache, or damaged. */
export class SegmentLost extends Error {}

/** A member of a segment, and what it was made of. */
export interface Member {
  readonly tar: Uint8Array
  readonly member: Uint8Array
}

/**
 * Store paths that were compressed before, in a folder of part files. The folder is all that there is: other threads and other
 * servers may write to it and remove from it at any time. Synchronous: for worker threads.
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
    const depends = [format, baseName(path), narHash, this.codec.identity, memberSize, partSize]
    return createHash('sha256').update(JSON.stringify(depends)).digest('hex').slice(0, 40)
  }

  /** Uncompressed bytes of a segment whose first part is there. */
  sizeOf(key: string): number | undefined {
    const reader = this.open(key, 0)
    reader?.close()
    return reader?.segmentSize
  }

  has(key: string, part: number): boolean {
    return existsSync(this.#path(key, part))
  }

  /** A part that is there, marked as used. One that does not begin rightly is removed. */
  open(key: string, part: number): PartReader | undefined {
    const reader = PartReader.open(this.#path(key, part))
    if (reader === undefined) this.drop(key, part)
    reader?.touch()
    return reader
  }

  /** Removes a part that turned out to be damaged. */
  drop(key: string, part: number): void {
    try {
      rmSync(this.#path(key, part), { force: true })
    } catch {
      // Then it is found damaged again.
    }
  }

  /** The whole segment, every member checked. @throws SegmentLost when a part is not there or damaged */
  *segment(key: string): Generator<{ readonly tar: Uint8Array; readonly member: Uint8Array<ArrayBuffer> }> {
    const size = this.sizeOf(key) ?? 0
    if (size === 0) throw new SegmentLost()
    for (let part = 0; part * partSize < size; part++) {
      const reader = this.open(key, part)
      if (reader === undefined) throw new SegmentLost()
      try {
        let rest = Math.min(partSize, size - part * partSize)
        while (rest > 0) {
          const frame = reader.next()
          const tar = frame && this.#decoded(frame.member)
          if (!tar || tar.length !== frame.tarSize || crc32(tar) !== frame.tarSum || tar.length > rest) {
            this.drop(key, part)
            throw new SegmentLost()
          }
          rest -= tar.length
          yield { tar, member: frame.member }
        }
      } finally {
        reader.close()
      }
    }
  }

  /** Writes a part; answers the size of its file. @throws CacheFault; what making the members throws, as it is */
  write(key: string, part: number, segmentSize: number, members: Iterable<Member>): number {
    const writer = writing(() => this.#create(segmentSize))
    try {
      for (const { tar, member } of members) writing(() => writer.add(tar, member))
      writing(() => writer.commit(this.#path(key, part)))
      return writer.size
    } catch (error) {
      writer.abandon()
      throw error
    }
  }

  #create(segmentSize: number): PartWriter {
    mkdirSync(this.#folder, { recursive: true })
    return new PartWriter(join(this.#folder, `${temporaryPrefix}${randomUUID()}`), segmentSize)
  }

  #decoded(member: Uint8Array): Uint8Array | undefined {
    try {
      return this.codec.decode(member)
    } catch {
      return undefined
    }
  }

  #path(key: string, part: number): string {
    return join(this.#folder, `${key}.${part}`)
  }
}

function writing<T>(write: () => T): T {
  try {
    return write()
  } catch (cause) {
    throw new CacheFault(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

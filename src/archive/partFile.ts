import { closeSync, futimesSync, openSync, readSync, renameSync, unlinkSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/**
 * A part of a segment as a file: a header, then a frame for each member.
 * header: magic, uncompressed bytes of the whole segment (64 bits), crc32 of both
 * frame: uncompressed bytes, their crc32, compressed bytes, crc32 of these three and of the member; the member
 * Numbers have 32 bits but where it is said, little-endian.
 */
const magic = Buffer.from('nixseg1\n')
const headerSize = magic.length + 8 + 4
const frameHeaderSize = 4 * 4

/** A member that was compressed before. */
export interface Frame {
  readonly tarSize: number
  readonly tarSum: number
  /** In a buffer of its own. */
  readonly member: Uint8Array<ArrayBuffer>
}

/** Reads a part from its first to its last member. Never throws: what is damaged or cannot be read is not there. */
export class PartReader {
  /** Uncompressed bytes of the whole segment. */
  readonly segmentSize: number
  readonly #file: number
  #position = headerSize

  private constructor(file: number, segmentSize: number) {
    this.#file = file
    this.segmentSize = segmentSize
  }

  /** Undefined when there is no such file, or its header is damaged. The caller closes it. */
  static open(path: string): PartReader | undefined {
    let file: number | undefined
    try {
      file = openSync(path, 'r')
      const header = Buffer.alloc(headerSize)
      const isWhole = readSync(file, header, 0, headerSize, 0) === headerSize
      const sum = header.readUInt32LE(headerSize - 4)
      if (isWhole && header.indexOf(magic) === 0 && crc32(header.subarray(0, -4)) === sum) {
        return new PartReader(file, Number(header.readBigUInt64LE(magic.length)))
      }
    } catch {
      // As if it were not there.
    }
    if (file !== undefined) closeSync(file)
    return undefined
  }

  /** The next member. Undefined at the end, and where the file is damaged. */
  next(): Frame | undefined {
    try {
      const header = Buffer.alloc(frameHeaderSize)
      if (readSync(this.#file, header, 0, frameHeaderSize, this.#position) < frameHeaderSize) return undefined
      const length = header.readUInt32LE(8)
      if (length > largestMember) return undefined
      const member = new Uint8Array(length)
      const from = this.#position + frameHeaderSize
      if (readSync(this.#file, member, 0, length, from) < length) return undefined
      if (crc32(member, crc32(header.subarray(0, 12))) !== header.readUInt32LE(12)) return undefined
      this.#position = from + length
      return { tarSize: header.readUInt32LE(0), tarSum: header.readUInt32LE(4), member }
    } catch {
      return undefined
    }
  }

  /** Tells those who make room that the part was used. */
  touch(): void {
    try {
      const now = new Date()
      futimesSync(this.#file, now, now)
    } catch {
      // The folder of another user: then it is forgotten sooner.
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** No member is larger: a length beyond it is damage. */
const largestMember = 64 * 1024 * 1024

/** Writes a part beside its place. Not flushed to the disk: parts are checked when they are read. */
export class PartWriter {
  readonly #file: number
  readonly #temporary: string
  size = headerSize

  /** @throws what the file system says, as do `add` and `commit` */
  constructor(temporary: string, segmentSize: number) {
    this.#temporary = temporary
    this.#file = openSync(temporary, 'wx')
    const header = Buffer.alloc(headerSize)
    magic.copy(header)
    header.writeBigUInt64LE(BigInt(segmentSize), magic.length)
    header.writeUInt32LE(crc32(header.subarray(0, -4)), headerSize - 4)
    this.#write(header)
  }

  add(tar: Uint8Array, member: Uint8Array): void {
    const header = Buffer.alloc(frameHeaderSize)
    header.writeUInt32LE(tar.length, 0)
    header.writeUInt32LE(crc32(tar), 4)
    header.writeUInt32LE(member.length, 8)
    header.writeUInt32LE(crc32(member, crc32(header.subarray(0, 12))), 12)
    this.#write(header)
    this.#write(member)
    this.size += header.length + member.length
  }

  /** The part is visible, whole. */
  commit(path: string): void {
    renameSync(this.#temporary, path)
    closeSync(this.#file)
  }

  /** Leaves nothing. Not after `commit`. */
  abandon(): void {
    closeSync(this.#file)
    unlinkSync(this.#temporary)
  }

  #write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) from += writeSync(this.#file, bytes, from)
  }
}

import { closeSync, fstatSync, futimesSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { crc32 } from '../codec/systemLibdeflate.ts'

/** What a member was made of. */
export interface Origin {
  /** Uncompressed bytes, and their CRC-32. */
  readonly size: number
  readonly sum: number
  /**
   * Sums of the members before it, where it is the last of its segment: they belong together, and none is
   * missing.
   */
  readonly before: readonly number[] | undefined
}

/** A member that was compressed before. */
export interface StoredMember {
  readonly origin: Origin
  /** In a buffer that nobody else uses. */
  readonly member: Uint8Array<ArrayBuffer>
}

/**
 * header: magic, uncompressed bytes, their CRC-32, number of members before it (`notLast` where others
 * follow) then: the sums of these members; the compressed member; CRC-32 of all before Numbers have 32 bits,
 * little-endian.
 */
const magic = Buffer.from('nixseg2\n')
const headerSize = magic.length + 3 * 4
const sumSize = 4
const notLast = 2 ** 32 - 1

/** Milliseconds for which a use need not be noted again. */
const recently = 60_000

/** Undefined when there is no such file, and when it cannot be read or is damaged. Marks it as used. */
export function readMember(path: string): StoredMember | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const { size, mtimeMs } = fstatSync(file)
    const bytes = Buffer.allocUnsafeSlow(size)
    if (readSync(file, bytes, 0, size, 0) !== size) return undefined
    if (mtimeMs < Date.now() - recently) touch(file)
    return parse(bytes)
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function parse(bytes: Buffer<ArrayBuffer>): StoredMember | undefined {
  const end = bytes.length - sumSize
  if (end < headerSize || !bytes.subarray(0, magic.length).equals(magic)) return undefined
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) return undefined
  const [size, sum, count] = [0, 1, 2].map((at) => bytes.readUInt32LE(magic.length + 4 * at)) as [
    number,
    number,
    number,
  ]
  const sums = Array.from({ length: count === notLast ? 0 : count }, (_, at) =>
    bytes.readUInt32LE(headerSize + sumSize * at),
  )
  const before = count === notLast ? undefined : sums
  return { origin: { size, sum, before }, member: bytes.subarray(headerSize + sumSize * sums.length, end) }
}

/** Tells those who make room that it was used. */
function touch(file: number): void {
  try {
    const now = new Date()
    futimesSync(file, now, now)
  } catch {
    // The folder of another user: then it is forgotten sooner.
  }
}

/**
 * Writes a member beside its place, and puts it there when it is whole. Not flushed to the disk: it is
 * checked when it is read. Answers the size of the file. @throws what the file system says
 */
export function writeMember(
  path: string,
  temporary: string,
  { size, sum, before }: Origin,
  member: Uint8Array,
): number {
  const header = Buffer.alloc(headerSize + sumSize * (before?.length ?? 0))
  magic.copy(header)
  for (const [at, number] of [size, sum, before?.length ?? notLast, ...(before ?? [])].entries()) {
    header.writeUInt32LE(number, magic.length + 4 * at)
  }
  const end = Buffer.alloc(sumSize)
  end.writeUInt32LE(crc32(member, crc32(header)))
  const file = openSync(temporary, 'wx')
  try {
    for (const bytes of [header, member, end]) writeAll(file, bytes)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  return header.length + member.length + end.length
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length;) from += writeSync(file, bytes, from)
}

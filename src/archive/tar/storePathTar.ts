import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs'
import { PackingFailed, StorePathMissing } from '../../errors.ts'
import { baseName } from '../../store/storePath.ts'
import { codeOf } from '../../work/errno.ts'
import { narSizeOf } from './narSize.ts'
import type { StorePathContent } from '../packer.ts'
import { blockSize, padding, tarHeader } from './tarHeader.ts'
import { reading, walk } from './walk.ts'

/** Whether something lies where the store path belongs. Whether it is whole is seen by walking it. */
export function isInStore(path: string, storeDirectory: string): boolean {
  return lstatSync(`${storeDirectory}/${baseName(path)}`, { throwIfNoEntry: false }) !== undefined
}

/** What to throw when the store lacks it, and the cache does too. */
export function missing({ path }: StorePathContent): StorePathMissing {
  return new StorePathMissing(path, `${path} is neither in the store nor whole in the segment cache`)
}

/** Bytes of a tar that follow each other. */
export interface Piece {
  readonly bytes: Buffer
  /** The store path was read to its end, and is whole. */
  readonly isLast: boolean
}

/**
 * The entries of a store path, in `nix/store/`, without the end of the archive, in pieces of the size of the buffer that they
 * are read into; the last may be shorter. A piece is good until the next one is asked for.
 * @param buffer of whole blocks of 512 bytes
 * @throws StorePathMissing when it is not there or not whole; PackingFailed when it cannot be read, or changes meanwhile
 */
export function* storePathTar(
  content: StorePathContent,
  storeDirectory: string,
  buffer: Buffer,
): Generator<Piece> {
  const name = baseName(content.path)
  let narSize = 0
  let filled = 0
  try {
    for (const { entry, source } of walk(
      Buffer.from(`${storeDirectory}/${name}`),
      Buffer.from(`nix/store/${name}`),
    )) {
      narSize += narSizeOf(entry, narSize === 0)
      const header = tarHeader(entry)
      for (let from = 0; from < header.length; from += blockSize) {
        if (filled === buffer.length) {
          yield { bytes: buffer, isLast: false }
          filled = 0
        }
        filled += header.copy(buffer, filled, from, from + blockSize)
      }
      if (entry.kind !== 'file' || entry.size === 0) continue
      const file = reading(source, () => openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW))
      try {
        for (let position = 0; position < entry.size;) {
          if (filled === buffer.length) {
            yield { bytes: buffer, isLast: false }
            filled = 0
          }
          const count = readSome(file, source, buffer.subarray(filled), position, entry.size)
          filled += count
          position += count
        }
      } finally {
        closeSync(file)
      }
      filled += padding(entry.size).copy(buffer, filled)
    }
  } catch (error) {
    if (!isGone(error)) throw error
    throw new StorePathMissing(content.path, `${content.path} is not in the store`, { cause: error })
  }
  if (narSize !== content.narSize) {
    const sizes = `${narSize} bytes as a NAR instead of ${content.narSize}`
    throw new StorePathMissing(content.path, `${content.path} is not whole in the store: ${sizes}`)
  }
  yield { bytes: buffer.subarray(0, filled), isLast: true }
}

/**
 * Reads what there is room for. Where that reaches the end of the file, it must be where the header says: else the tar is lost.
 * @throws PackingFailed
 */
function readSome(file: number, source: Buffer, room: Buffer, position: number, size: number): number {
  const rest = size - position
  // One byte more than there should be, where there is room for it, shows a file that has grown.
  const count = reading(source, () => readSync(file, room, 0, Math.min(room.length, rest + 1), position))
  if (count > rest || count === 0) {
    throw new PackingFailed(`${source.toString()} changed its size while it was read`)
  }
  return count
}

function isGone(error: unknown): boolean {
  return error instanceof PackingFailed && ['ENOENT', 'ENOTDIR'].includes(codeOf(error.cause))
}

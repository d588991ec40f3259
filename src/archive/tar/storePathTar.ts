import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs'
import { PackingFailed, StorePathMissing } from '../../errors.ts'
import { baseName } from '../../store/storePath.ts'
import { codeOf } from '../../work/errno.ts'
import { narSizeOf } from './narSize.ts'
import type { StorePathContent } from '../packer.ts'
import { blockSize, padding, tarHeader } from './tarHeader.ts'
import { reading, walk } from './walk.ts'

/** Whether the store has something at the store path. Only reading it shows whether it is complete. */
export function isInStore(path: string, storeDirectory: string): boolean {
  return lstatSync(`${storeDirectory}/${baseName(path)}`, { throwIfNoEntry: false }) !== undefined
}

/** The error for a store path that is neither in the store nor in the cache. */
export function missing({ path }: StorePathContent): StorePathMissing {
  return new StorePathMissing(path, `${path} is neither in the store nor whole in the segment cache`)
}

/** Consecutive bytes of a tar. */
interface TarPiece {
  readonly bytes: Buffer
  /** The store path was read to its end, and it is complete. */
  readonly isLast: boolean
}

/**
 * The entries of a store path, below `nix/store/`, without the end of the archive. They are read into the
 * buffer. All pieces have its size, except that the last one may be shorter. A piece is valid until the next
 * one is read.
 * @param buffer its size is a multiple of 512 bytes
 * @throws StorePathMissing if it is not there or not complete; PackingFailed if it cannot be read or changes
 * meanwhile
 */
export function* storePathTar(
  content: StorePathContent,
  storeDirectory: string,
  buffer: Buffer,
): Generator<TarPiece> {
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
 * Reads as much as there is room for.
 * @throws PackingFailed if the file does not end where the tar header says that it does
 */
function readSome(file: number, source: Buffer, room: Buffer, position: number, size: number): number {
  const rest = size - position
  // If there is room, we try to read one byte too many. If we get it, the file has grown.
  const count = reading(source, () => readSync(file, room, 0, Math.min(room.length, rest + 1), position))
  if (count > rest || count === 0) {
    throw new PackingFailed(`${source.toString()} changed its size while it was read`)
  }
  return count
}

function isGone(error: unknown): boolean {
  return error instanceof PackingFailed && ['ENOENT', 'ENOTDIR'].includes(codeOf(error.cause))
}

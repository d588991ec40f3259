import { createHash, hash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readlinkSync, readSync, type BigIntStats } from 'node:fs'

/** What a tree's hash says about a file, link or folder. `detail`: hash of a file, target of a link. */
export interface TreeContent {
  readonly kind: 'file' | 'executable' | 'link' | 'directory' | 'other'
  readonly detail: string
}

/** Reads a file or link. @throws what the file system says */
export function contentOf(path: Buffer, stats: BigIntStats): TreeContent {
  if (stats.isSymbolicLink()) return { kind: 'link', detail: readlinkSync(path, 'latin1') }
  if (!stats.isFile()) return { kind: 'other', detail: '' }
  const kind = (stats.mode & 0o100n) === 0n ? 'file' : 'executable'
  return { kind, detail: hashOfFile(path, stats.size) }
}

/** Bytes up to which a file is read in one go; most files of a package set are tiny. */
const inOneGo = 4_194_304

function hashOfFile(path: Buffer, size: bigint): string {
  if (size <= inOneGo) return hash('sha256', readFileSync(path))
  const content = createHash('sha256')
  const buffer = Buffer.allocUnsafe(inOneGo)
  const file = openSync(path, 'r')
  try {
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
      content.update(buffer.subarray(0, length))
    }
  } finally {
    closeSync(file)
  }
  return content.digest('hex')
}

/** A path for the file system. @param path one character a byte (latin1) */
export function pathBytes(path: string): Buffer {
  return Buffer.from(path, 'latin1')
}

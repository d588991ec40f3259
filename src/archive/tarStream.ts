import { closeSync, constants, openSync, readSync } from 'node:fs'
import { PackingFailed } from '../errors.ts'
import type { Entry } from '../oci/entry.ts'
import type { LayerContent } from './packer.ts'
import { endOfArchive, padding, tarHeader, type TarEntry } from './tarHeader.ts'
import { reading, walk } from './walk.ts'

/** Larger reads are not faster. */
const readSize = 1024 * 1024
const parentMode = 0o755

/**
 * The bytes of a layer's tar. A chunk is good until the next one is asked for. `storeDirectory` is where the store
 * paths lie; in the archive they are always in `nix/store/`.
 * @throws PackingFailed when a store path cannot be read, or changes meanwhile
 */
export function* tarStream(content: LayerContent, storeDirectory: string): Generator<Uint8Array> {
  if (content.kind === 'entries') yield* serverEntries(content.entries)
  else yield* storePathEntries(content.storePaths, storeDirectory)
  yield endOfArchive
}

function* storePathEntries(storePaths: readonly string[], storeDirectory: string): Generator<Uint8Array> {
  yield directory('nix', parentMode)
  yield directory('nix/store', parentMode)
  const buffer = Buffer.allocUnsafe(readSize)
  for (const storePath of [...new Set(storePaths)].toSorted()) {
    const baseName = storePath.slice(storePath.lastIndexOf('/') + 1)
    const found = walk(Buffer.from(`${storeDirectory}/${baseName}`), Buffer.from(`nix/store/${baseName}`))
    for (const { entry, source } of found) {
      yield tarHeader(entry)
      if (entry.kind === 'file') yield* fileContent(source, entry.size, buffer)
    }
  }
}

/** Exactly `size` bytes and the padding after them: a tar is lost when a file is not as long as its header says. */
function* fileContent(source: Buffer, size: number, buffer: Buffer): Generator<Uint8Array> {
  if (size === 0) return
  const file = reading(source, () => openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW))
  try {
    let rest = size
    for (;;) {
      const count = reading(source, () => readSync(file, buffer))
      if (count === 0) break
      rest -= count
      if (rest < 0) break
      yield buffer.subarray(0, count)
    }
    if (rest !== 0) throw new PackingFailed(`${source.toString()} changed its size while it was read`)
  } finally {
    closeSync(file)
  }
  yield padding(size)
}

function* serverEntries(entries: readonly Entry[]): Generator<Uint8Array> {
  for (const entry of entries) {
    yield tarHeader(headerOf(entry))
    if (entry.kind !== 'file') continue
    yield entry.content
    yield padding(entry.content.length)
  }
}

function headerOf(entry: Entry): TarEntry {
  const path = Buffer.from(entry.path)
  if (entry.kind === 'directory') return { kind: 'directory', path, mode: entry.mode }
  if (entry.kind === 'link') return { kind: 'link', path, target: Buffer.from(entry.target) }
  return { kind: 'file', path, mode: entry.mode, size: entry.content.length }
}

function directory(path: string, mode: number): Uint8Array {
  return tarHeader({ kind: 'directory', path: Buffer.from(path), mode })
}

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { PackingFailed, StorePathMissing } from '../errors.ts'
import { narSizeOf } from './narSize.ts'
import type { StorePathContent } from './packer.ts'
import { padding, tarHeader, tarHeaderSize } from './tarHeader.ts'
import { reading, walk, type FoundEntry } from './walk.ts'

/** Larger reads are not faster. */
const readSize = 1024 * 1024

/** The last part of a store path: its name in every store. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Whether something lies where the store path belongs. Whether it is whole is seen by walking it. */
export function isInStore(path: string, storeDirectory: string): boolean {
  return lstatSync(`${storeDirectory}/${baseName(path)}`, { throwIfNoEntry: false }) !== undefined
}

/** What to throw when the store lacks it, and the cache does too. */
export function missing({ path }: StorePathContent): StorePathMissing {
  return new StorePathMissing(path, `${path} is neither in the store nor whole in the segment cache`)
}

/** Bytes of `storePathTar`. @throws as it does */
export function tarSizeOf(content: StorePathContent, storeDirectory: string): number {
  return whole(content, storeDirectory)
    .map(({ entry }) => tarHeaderSize(entry) + (entry.kind === 'file' ? filled(entry.size) : 0))
    .reduce((sum, size) => sum + size, 0)
}

/**
 * The entries of a store path, in `nix/store/`, without the end of the archive: the bytes `from` until `to` of them. What
 * lies before and after is passed by arithmetic. A chunk is good until the next one is asked for.
 * @throws StorePathMissing when it is not there or not whole; PackingFailed when it cannot be read, or changes meanwhile
 */
export function* storePathTar(
  content: StorePathContent,
  storeDirectory: string,
  from = 0,
  to = Infinity,
): Generator<Uint8Array> {
  using lent = lendBuffer()
  let position = 0
  for (const { entry, source } of whole(content, storeDirectory)) {
    const start = position
    position += tarHeaderSize(entry)
    if (position > from && start < to) yield tarHeader(entry).subarray(Math.max(from - start, 0), to - start)
    if (entry.kind !== 'file') continue
    const contentStart = position
    position += filled(entry.size)
    if (position <= from || contentStart >= to) continue
    const [first, last] = [
      Math.max(from - contentStart, 0),
      Math.min(to - contentStart, position - contentStart),
    ]
    yield* telling(content, fileContent(source, entry.size, first, Math.min(last, entry.size), lent.buffer))
    if (last > entry.size)
      yield padding(entry.size).subarray(Math.max(first - entry.size, 0), last - entry.size)
  }
}

const idle: Buffer[] = []

/** A buffer to read into, for as long as it is used: new ones for each store path would gather. */
function lendBuffer(): Disposable & { readonly buffer: Buffer } {
  const buffer = idle.pop() ?? Buffer.allocUnsafeSlow(readSize)
  return { buffer, [Symbol.dispose]: () => void idle.push(buffer) }
}

function filled(size: number): number {
  return size + padding(size).length
}

/** All that the store path consists of. At the end it must have been as much as its registration says. */
function* whole(content: StorePathContent, storeDirectory: string): Generator<FoundEntry> {
  const name = baseName(content.path)
  let narSize = 0
  const root = Buffer.from(`${storeDirectory}/${name}`)
  for (const found of telling(content, walk(root, Buffer.from(`nix/store/${name}`)))) {
    narSize += narSizeOf(found.entry, narSize === 0)
    yield found
  }
  if (narSize !== content.narSize) {
    const sizes = `${narSize} bytes as a NAR instead of ${content.narSize}`
    throw new StorePathMissing(content.path, `${content.path} is not whole in the store: ${sizes}`)
  }
}

/** Passes on what is found, and tells what is gone by the store path that it belongs to. */
function* telling<T>(content: StorePathContent, found: Iterable<T>): Generator<T> {
  try {
    yield* found
  } catch (error) {
    if (!isGone(error)) throw error
    throw new StorePathMissing(content.path, `${content.path} is not in the store`, { cause: error })
  }
}

function isGone(error: unknown): boolean {
  const cause = error instanceof PackingFailed ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
}

/** Exactly these bytes: a tar is lost when a file is not as long as its header says. */
function* fileContent(
  source: Buffer,
  size: number,
  from: number,
  to: number,
  buffer: Buffer,
): Generator<Uint8Array> {
  if (from >= to) return
  const file = reading(source, () => openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW))
  try {
    for (let position = from; position < to;) {
      const wanted = Math.min(buffer.length, to - position)
      const count = reading(source, () => readSync(file, buffer, 0, wanted, position))
      if (count === 0) break
      position += count
      yield buffer.subarray(0, count)
    }
    if (reading(source, () => fstatSync(file).size) !== size) {
      throw new PackingFailed(`${source.toString()} changed its size while it was read`)
    }
  } finally {
    closeSync(file)
  }
}

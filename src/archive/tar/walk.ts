import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import { PackingFailed } from '../../errors.ts'
import type { TarEntry } from './tarHeader.ts'

/** What was found in the file system, and where. */
interface FoundEntry {
  readonly entry: TarEntry
  readonly source: Buffer
}

const directoryMode = 0o555
const slash = Buffer.from('/')

/**
 * A file, link or directory at `root` with all below it, under `name` in the archive: a directory before what
 * is in it, names in the order of their bytes. Modes are those of the Nix store (0444, 0555); a file with
 * several names is several files. Synchronous, because for many small files that is 10 to 50 times faster:
 * for worker threads.
 * @throws PackingFailed for what cannot be read, and for sockets, devices and the like
 */
export function* walk(root: Buffer, name: Buffer): Generator<FoundEntry> {
  const pending = [{ source: root, path: name }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { source, path } = next
    const found = reading(source, () => ({ entry: entryOf(path, source), source }))
    yield found
    if (found.entry.kind !== 'directory') continue
    const children = reading(source, () => readdirSync(source, { encoding: 'buffer' })).toSorted((a, b) =>
      a.compare(b),
    )
    for (const child of children.toReversed()) {
      pending.push({
        source: Buffer.concat([source, slash, child]),
        path: Buffer.concat([path, slash, child]),
      })
    }
  }
}

function entryOf(path: Buffer, source: Buffer): TarEntry {
  const stats = lstatSync(source)
  if (stats.isFile()) return { kind: 'file', path, mode: fileMode(stats), size: stats.size }
  if (stats.isDirectory()) return { kind: 'directory', path, mode: directoryMode }
  if (stats.isSymbolicLink())
    return { kind: 'link', path, target: readlinkSync(source, { encoding: 'buffer' }) }
  throw new PackingFailed(`${source.toString()} is neither a file, a directory nor a link`)
}

function fileMode(stats: Stats): number {
  return (stats.mode & 0o100) === 0 ? 0o444 : 0o555
}

/** @throws PackingFailed naming the path, for what the system refuses */
export function reading<T>(source: Buffer, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof PackingFailed) throw error
    throw new PackingFailed(`${source.toString()} cannot be read: ${String(error)}`, { cause: error })
  }
}

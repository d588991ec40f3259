import { createHash, hash, type Hash } from 'node:crypto'
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type BigIntStats,
} from 'node:fs'

/**
 * A file, link or folder below the root. A name has one character for each byte (latin1), so names sort as
 * bytes.
 */
interface TreeEntry {
  readonly name: string
  readonly stats: BigIntStats
}

/** A tree's names, sizes and times, and the hash of its content. Both are lower-case hex. */
export interface TreeHash {
  readonly fingerprint: string
  readonly hash: string
}

/** Git's own folder is not content. It is skipped wherever it is. */
const gitFolder = '.git'
/**
 * Nanoseconds between two ticks of a slow kernel's clock: a file can change twice without its time changing.
 */
const clockTick = 20_000_000n

/**
 * Hashes relative names, kinds, the executable bit, link targets and contents of a folder or a single file.
 * It is synchronous because that is many times faster, so call it in a worker thread.
 * @param known an earlier result. It is returned again if the fingerprint is still the same.
 */
export function hashTree(path: string, known?: TreeHash): TreeHash {
  const started = BigInt(Date.now()) * 1_000_000n
  const root = Buffer.from(path)
  const entries = [...entriesOf(root, '')]
  const fingerprint = fingerprintOf(entries, started)
  if (known && known.fingerprint === fingerprint) return known
  const tree = createHash('sha256')
  for (const entry of entries) hashEntry(tree, root, entry)
  return { fingerprint, hash: tree.digest('hex') }
}

function* entriesOf(root: Buffer, name: string): Generator<TreeEntry> {
  const path = pathOf(root, name)
  const stats = lstatSync(path, { bigint: true })
  yield { name, stats }
  if (!stats.isDirectory()) return
  for (const child of readdirSync(path, { encoding: 'latin1' }).toSorted()) {
    if (child !== gitFolder) yield* entriesOf(root, name === '' ? child : `${name}/${child}`)
  }
}

function fingerprintOf(entries: readonly TreeEntry[], started: bigint): string {
  const fingerprint = createHash('sha256')
  let newest = 0n
  for (const { name, stats } of entries) {
    fingerprint.update(
      `${name}\0${stats.mode} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}\0`,
    )
    if (stats.ctimeNs > newest) newest = stats.ctimeNs
  }
  // A file that was written just now can change again without a trace. So this fingerprint must not occur
  // again.
  if (newest > started - clockTick) fingerprint.update(`at ${started} ${process.hrtime.bigint()}`)
  return fingerprint.digest('hex')
}

function hashEntry(tree: Hash, root: Buffer, { name, stats }: TreeEntry): void {
  const path = pathOf(root, name)
  if (stats.isDirectory()) tree.update(`directory\0${name}\0`)
  else if (stats.isSymbolicLink()) tree.update(`link\0${name}\0${readlinkSync(path, 'latin1')}\0`)
  else if (stats.isFile()) {
    const kind = (stats.mode & 0o100n) === 0n ? 'file' : 'executable'
    tree.update(`${kind}\0${name}\0${hashOfFile(path, stats.size)}\0`)
  } else tree.update(`other\0${name}\0`)
}

/** Files up to this size in bytes are read at once. Most files of a package set are tiny. */
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

function pathOf(root: Buffer, name: string): Buffer {
  return name === '' ? root : Buffer.concat([root, Buffer.from('/'), Buffer.from(name, 'latin1')])
}

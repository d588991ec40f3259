import { createHash, type Hash } from 'node:crypto'
import { lstatSync, readdirSync, type BigIntStats } from 'node:fs'
import { codeOf } from '../work/errno.ts'
import { contentOf, pathBytes, type TreeContent } from './treeContent.ts'

/** What is skipped wherever it lies: git's own folder is no content. */
const skipped = '.git'
/**
 * Nanoseconds in which a file may change twice without its time changing (a tick of a slow kernel's clock).
 */
const clockTick = 20_000_000n

/**
 * A folder below the root. Paths and names are one character a byte (latin1), so that they sort as bytes.
 * (Small buffers would keep larger ones in memory that they are part of.)
 */
export interface TreeFolder {
  readonly path: string
  /** Its file system. */
  readonly device: bigint
  /** Sorted by name. */
  entries: ReadonlyMap<string, TreeEntry>
  /** It is not in the tree any more. */
  gone: boolean
}

interface TreeEntry extends TreeContent {
  /** As long as it stays, the content stays too. */
  readonly stamp: string
  /** False if the content may have changed after it was read, without a trace. */
  settled: boolean
  readonly folder?: TreeFolder
}

/**
 * Is told of folders before they are read, of those that are gone, and of files with a second name somewhere.
 */
export interface TreeListener {
  onFolder(folder: TreeFolder): void
  onGone(folder: TreeFolder): void
  onHardLink(path: string): void
}

/**
 * Names, kinds, the executable bit, link targets and hashes of contents of what lies at a path, which may be
 * a single file. What has not changed is not read again. Synchronous, because that is many times faster: for
 * a worker thread.
 */
export class TreeIndex {
  readonly #path: string
  readonly #listener: TreeListener | undefined
  #root: TreeEntry | undefined
  #hash: string | undefined

  constructor(path: string, listener?: TreeListener) {
    this.#path = Buffer.from(path).toString('latin1')
    this.#listener = listener
  }

  /** Looks at everything. @returns whether anything has changed @throws what the file system says */
  scan(): boolean {
    const before = this.#root
    const root = this.#examine(this.#path, before)
    if (!root) lstatSync(pathBytes(this.#path))
    this.#root = root
    let changed = root !== before
    // What is new has just been looked at whole.
    if (changed) this.#hash = undefined
    else for (const folder of this.folders()) changed = this.rescan(folder) || changed
    return changed
  }

  /**
   * Looks at what is directly in a folder, and below it only at folders that are new.
   * @param touched names that are looked at again in any case
   * @returns whether anything has changed
   */
  rescan(folder: TreeFolder, touched?: ReadonlySet<string>): boolean {
    if (folder.gone) return false
    const changed = this.#list(folder, touched)
    if (changed) this.#hash = undefined
    return changed
  }

  /** All folders that are known now. */
  folders(): readonly TreeFolder[] {
    const found = this.#root?.folder ? [this.#root.folder] : []
    for (const { entries } of found) {
      for (const { folder } of entries.values()) if (folder) found.push(folder)
    }
    return found
  }

  /**
   * The hash of all that is known, in hex. Equal trees have one hash, wherever and whenever they were made.
   */
  get hash(): string {
    if (this.#hash !== undefined) return this.#hash
    const tree = new TextHash()
    if (this.#root) addTo(tree, '', this.#root)
    return (this.#hash = tree.digest())
  }

  /** An entry as it is now: the known one if it has not changed, undefined if it has just gone. */
  #examine(path: string, known: TreeEntry | undefined, touched = false): TreeEntry | undefined {
    const now = BigInt(Date.now()) * 1_000_000n
    const stats = unlessGone(() => lstatSync(pathBytes(path), { bigint: true }))
    if (!stats) return undefined
    const stamp = stampOf(stats)
    if (known?.stamp === stamp && known.settled) {
      if (!touched || (stats.isDirectory() && isSurelyTheSame(stats, now))) return known
    }
    if (known?.folder) this.#drop(known.folder)
    if (stats.isDirectory()) return this.#addFolder(path, stats, stamp)
    if (stats.isFile() && stats.nlink > 1n) this.#listener?.onHardLink(path)
    const read = unlessGone(() => contentOf(pathBytes(path), stats))
    if (!read) return undefined
    const settled = stats.ctimeNs < now - clockTick
    // What was read again to be sure is no change if it is the same.
    const isSame = !touched && known?.stamp === stamp && known.detail === read.detail
    if (!known || !isSame) return { ...read, stamp, settled }
    known.settled = settled
    return known
  }

  #addFolder(path: string, stats: BigIntStats, stamp: string): TreeEntry {
    const folder: TreeFolder = { path, device: stats.dev, entries: new Map(), gone: false }
    this.#listener?.onFolder(folder)
    this.#list(folder)
    return { kind: 'directory', detail: '', stamp, settled: true, folder }
  }

  #list(folder: TreeFolder, touched?: ReadonlySet<string>): boolean {
    const names = unlessGone(() => readdirSync(pathBytes(folder.path), { encoding: 'latin1' })) ?? []
    const before = folder.entries
    const entries = new Map<string, TreeEntry>()
    let changed = false
    for (const name of names.toSorted()) {
      if (name === skipped) continue
      const known = before.get(name)
      const entry = this.#examine(`${folder.path}/${name}`, known, touched?.has(name))
      if (entry) entries.set(name, entry)
      changed ||= entry !== known
    }
    for (const [name, { folder: gone }] of before) {
      if (entries.has(name)) continue
      changed = true
      if (gone && !gone.gone) this.#drop(gone)
    }
    folder.entries = entries
    return changed
  }

  #drop(folder: TreeFolder): void {
    folder.gone = true
    this.#listener?.onGone(folder)
    for (const entry of folder.entries.values()) if (entry.folder) this.#drop(entry.folder)
  }
}

/**
 * Tells a file or folder from all others that had or will have its place. Numbers alone are given out again.
 */
export function identityOf({ dev, ino, birthtimeNs }: BigIntStats): string {
  return [dev, ino, birthtimeNs].map((number) => number.toString(36)).join(' ')
}

/**
 * Whether a folder with the same identity is the same. Where it says when it was made, only one that was made
 * just now may have taken the place of another.
 */
function isSurelyTheSame({ birthtimeNs }: BigIntStats, now: bigint): boolean {
  return birthtimeNs > 0n && birthtimeNs < now - 50n * clockTick
}

/**
 * Of a folder only which one it is; what is in it has stamps of its own. The time of a file's last change of
 * any kind goes with everything else about it. Short, since there are very many.
 */
function stampOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return identityOf(stats)
  return [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].map((number) => number.toString(36)).join(' ')
}

function addTo(tree: TextHash, name: string, { kind, detail, folder }: TreeEntry): void {
  if (kind === 'directory' || kind === 'other') tree.add(`${kind}\0${name}\0`)
  else tree.add(`${kind}\0${name}\0${detail}\0`)
  if (!folder) return
  for (const [child, entry] of folder.entries) addTo(tree, name === '' ? child : `${name}/${child}`, entry)
}

/** Characters that are hashed at a time. */
const piece = 65_536

/** A hash of many small texts. */
class TextHash {
  readonly #hash: Hash = createHash('sha256')
  #text = ''

  add(text: string): void {
    this.#text += text
    if (this.#text.length < piece) return
    this.#hash.update(this.#text)
    this.#text = ''
  }

  digest(): string {
    return this.#hash.update(this.#text).digest('hex')
  }
}

/** Undefined for what has gone since its folder was listed. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

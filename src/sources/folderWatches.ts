import { statfsSync, watch, type FSWatcher } from 'node:fs'
import { codeOf } from '../work/errno.ts'
import { pathBytes } from './treeContent.ts'
import type { TreeFolder, TreeListener } from './treeIndex.ts'

/**
 * File systems whose changes the kernel reports (statfs(2)): ext, xfs, btrfs, tmpfs, overlayfs, zfs, f2fs,
 * bcachefs, ramfs, squashfs, erofs, iso9660. On others, such as those of a network, somebody else may change
 * files unseen.
 */
const reported = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0xca451a4e, 0x858458f6,
  0x73717368, 0xe0f5e1e2, 0x9660,
])

/**
 * Reports between two looks at a tree at most. The kernel drops reports that nobody fetches, after 16,384 of
 * them, and Node does not say so: after very many, everything is looked at.
 */
const mostReports = 4_000

/** Has the kernel report changes in folders (inotify(7)). Where it cannot, `unable` says why. */
export class FolderWatches implements TreeListener {
  readonly #watchers = new Map<TreeFolder, FSWatcher>()
  readonly #devices = new Map<bigint, boolean>()
  readonly #onChange: () => void
  #touched = new Map<TreeFolder, Set<string>>()
  #reports = 0
  #unable: string | undefined

  /** @param onChange called for the first change after `take` */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Why changes go unseen; undefined if all are reported. */
  get unable(): string | undefined {
    return this.#unable
  }

  get isTouched(): boolean {
    return this.#touched.size > 0
  }

  /** What was changed since the last call: names by folder. Undefined if that may be anything. */
  take(): ReadonlyMap<TreeFolder, ReadonlySet<string>> | undefined {
    const [touched, reports] = [this.#touched, this.#reports]
    this.#touched = new Map()
    this.#reports = 0
    return reports > mostReports || this.#unable !== undefined ? undefined : touched
  }

  onFolder(folder: TreeFolder): void {
    if (this.#unable !== undefined) return
    try {
      if (!this.#isReported(folder))
        return this.#giveUp(`${pathBytes(folder.path).toString()} is on a file system of another kind`)
      const watcher = watch(
        pathBytes(folder.path),
        { persistent: false, encoding: 'latin1' },
        (_kind, name) => this.#note(folder, name ?? ''),
      )
      watcher.on('error', (error) => this.#giveUp(error.message))
      this.#watchers.set(folder, watcher)
    } catch (error) {
      // One that has just gone is missing when its parent is looked at again.
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') this.#note(folder, '')
      else this.#giveUp(limits[codeOf(error)] ?? String(error))
    }
  }

  onGone(folder: TreeFolder): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
    this.#touched.delete(folder)
    // Reports about what has gone are dropped unseen, but they have taken room.
    this.#reports += folder.entries.size
  }

  onHardLink(path: string): void {
    this.#giveUp(`${pathBytes(path).toString()} has another name too, by which it may be changed unseen`)
  }

  #isReported({ device, path }: TreeFolder): boolean {
    const known = this.#devices.get(device)
    if (known !== undefined) return known
    const isReported = reported.has(statfsSync(pathBytes(path)).type)
    this.#devices.set(device, isReported)
    return isReported
  }

  #note(folder: TreeFolder, name: string): void {
    if (name === '.git') return
    this.#reports++
    const isFirst = !this.isTouched
    const names = this.#touched.get(folder) ?? new Set<string>()
    this.#touched.set(folder, names.add(name))
    if (isFirst) this.#onChange()
  }

  #giveUp(why: string): void {
    if (this.#unable !== undefined) return
    this.#unable = why
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }
}

const limits: Readonly<Record<string, string>> = {
  ENOSPC: 'the system allows no more of it (fs.inotify.max_user_watches)',
  EMFILE: 'the system allows no more of it (fs.inotify.max_user_instances)',
}

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { PackageList } from '../lock/archive.ts'
import type { LockedPackage } from '../lock/lock.ts'

/** So many files does apt fetch over one connection before we say how far it is. */
const batchSize = 40

/**
 * Downloads what `directory` does not hold, with apt's own mirror, proxy and credentials; apt checks the
 * hashes.
 * @throws Error naming what no archive has.
 */
export function download(
  packages: readonly LockedPackage[],
  lists: readonly PackageList[],
  directory: string,
  say: (progress: string) => void,
): void {
  mkdirSync(directory, { recursive: true })
  const missing = packages.filter((wanted) => !isThere(wanted, directory))
  for (let start = 0; start < missing.length; start += batchSize) {
    const batch = missing.slice(start, start + batchSize)
    fetchBatch(batch, lists, directory)
    const absent = batch.filter((wanted) => !isThere(wanted, directory))
    if (absent.length > 0) {
      const named = absent.map(({ name, version }) => `${name} ${version}`).join(', ')
      throw new Error(
        `cannot download ${named}: if apt's lists are old, run 'apt-get update' and make the lock again`,
      )
    }
    say(
      `${start + batch.length} of ${missing.length} packages, ${megabytes(missing.slice(0, start + batch.length))} MB`,
    )
  }
}

function fetchBatch(batch: readonly LockedPackage[], lists: readonly PackageList[], directory: string): void {
  const bases = (label: string) => [
    ...new Set(lists.filter((list) => list.label === label).map(({ base }) => base)),
  ]
  const mirrors = Math.max(...batch.map(({ archive }) => bases(archive).length))
  for (let mirror = 0; mirror < mirrors; mirror++) {
    const files = batch
      .filter((wanted) => !isThere(wanted, directory))
      .flatMap((wanted) => {
        const base = bases(wanted.archive)[mirror]
        return base ? [base + wanted.path, join(directory, wanted.file), `SHA256:${wanted.sha256}`] : []
      })
    if (files.length === 0) return
    spawnSync('/usr/lib/apt/apt-helper', ['-qq', '-oAPT::Sandbox::User=', 'download-file', ...files], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
}

/** A file of the wrong size is what an interrupted download left. */
function isThere({ file, size }: LockedPackage, directory: string): boolean {
  const found = statSync(join(directory, file), { throwIfNoEntry: false })
  if (found && found.size !== size) rmSync(join(directory, file))
  return found?.size === size
}

function megabytes(packages: readonly LockedPackage[]): string {
  return (packages.reduce((sum, { size }) => sum + size, 0) / 1e6).toFixed(1)
}

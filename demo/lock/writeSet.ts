import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Archive, debianLists } from './archive.ts'
import { architectureOf, machineSystem } from './debian.ts'
import { foreignLists } from './foreignLists.ts'
import { makeLock } from './lock.ts'
import { wishes } from './wishes.ts'

const demo = dirname(import.meta.dirname)

/**
 * Makes `directory` a package set: the Nix files, and a lock for each system. Its content depends on the
 * versions of Debian's packages alone, so its hash is a revision. Returns false when nothing had changed
 * since the last time.
 */
export function writeSet(directory: string, systems: readonly string[]): boolean {
  const machine = debianLists(architectureOf(machineSystem))
  const stamp = `${directory}.stamp`
  const state = JSON.stringify([
    systems,
    fingerprint(machine.map(({ file }) => file)),
    fingerprint(filesUnder(demo)),
  ])
  if (existsSync(directory) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return false

  const locks = systems.map((system) => {
    const architecture = architectureOf(system)
    const lists = system === machineSystem ? machine : foreignLists(architecture, machine, `${directory}.apt`)
    return makeLock(Archive.read(lists), wishes, system)
  })
  const next = `${directory}.next`
  rmSync(next, { recursive: true, force: true })
  mkdirSync(next, { recursive: true })
  cpSync(join(demo, 'set'), next, { recursive: true })
  for (const lock of locks) {
    writeFileSync(join(next, `lock.${lock.system}.json`), `${JSON.stringify(lock, undefined, 1)}\n`)
  }
  rmSync(directory, { recursive: true, force: true })
  renameSync(next, directory)
  writeFileSync(stamp, state)
  return true
}

function filesUnder(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

function fingerprint(files: readonly string[]): readonly string[] {
  return files.map((file) => {
    const { size, mtimeMs } = statSync(file)
    return `${file} ${size} ${mtimeMs}`
  })
}

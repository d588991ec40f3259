import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Archive, debianLists } from './archive.ts'
import { architectureOf } from './debian.ts'
import { foreignLists } from './foreignLists.ts'
import { makeLock } from './lock.ts'
import { wishes } from './wishes.ts'

const demo = dirname(import.meta.dirname)

/**
 * Makes `directory` a package set: the Nix files, and a lock for each system. Its content depends on the versions of
 * Debian's packages alone, so its hash is a revision. Returns false when nothing had changed since the last time.
 */
export function writeSet(directory: string, systems: readonly string[]): boolean {
  const machine = debianLists(architectureOf('x86_64-linux'))
  const stamp = `${directory}.stamp`
  const state = JSON.stringify([systems, fingerprint(machine.map(({ file }) => file)), fingerprint(filesUnder(demo))])
  if (existsSync(directory) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return false

  const locks = systems.map((system) => {
    const architecture = architectureOf(system)
    const lists = architecture === 'amd64' ? machine : foreignLists(architecture, machine, `${directory}.apt`)
    return makeLock(Archive.read(lists), wishes, system)
  })
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  cpSync(join(demo, 'set'), directory, { recursive: true })
  for (const lock of locks) {
    writeFileSync(join(directory, `lock.${lock.system}.json`), `${JSON.stringify(lock, undefined, 1)}\n`)
  }
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

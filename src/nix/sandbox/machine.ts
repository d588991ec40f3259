import { constants, existsSync } from 'node:fs'
import { access, realpath } from 'node:fs/promises'
import { basename, delimiter, dirname, join } from 'node:path'

/** Where administrators' programs are, which the PATH of a server may leave out. */
const moreFolders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** What the programs of a system lie in, and their libraries. */
const systemFolders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc/ld.so.cache']
const nixStore = '/nix/store'

/** Where a tool of the system lies, which the PATH may leave out; see `findProgram`. */
export function findTool(name: string, path: string): Promise<string | undefined> {
  return findProgram(name, [path, ...moreFolders].join(delimiter))
}

/** Where a program lies: the file itself, and not a link of another folder. Undefined if there is none. */
export async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    try {
      await access(file, constants.X_OK)
    } catch {
      continue
    }
    // Programs that are one file, as all of Nix' are, look at the name by which they are called.
    const real = await realpath(file)
    const named = join(dirname(real), basename(file))
    return existsSync(named) ? named : real
  }
  return undefined
}

/** Folders of the system that programs need, as far as this system has them. */
export function foldersFor(programs: readonly string[]): readonly string[] {
  const inStore = programs.some((program) => isIn(nixStore, program))
  return [...systemFolders.filter((folder) => existsSync(folder)), ...(inStore ? [nixStore] : [])]
}

/**
 * The folder that a program was unpacked into, with its libraries; undefined if it lies in one of the others.
 */
export function ownFolder(program: string, others: readonly string[]): string | undefined {
  if (others.some((other) => isIn(other, program))) return undefined
  const folder = dirname(program)
  const above = dirname(folder)
  return basename(folder) === 'bin' && above !== '/' ? above : folder
}

function isIn(folder: string, file: string): boolean {
  return file.startsWith(`${folder}/`)
}

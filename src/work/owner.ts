import { randomUUID } from 'node:crypto'
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isMissing } from './errno.ts'
import { removeTree } from './removeTree.ts'

/** Where `/proc/<pid>/stat` has the time when the process started, behind the program's name (proc(5)). */
const startField = 22 - 3

/** Milliseconds. Longer than any build: of what an owner left who cannot be asked for, only its age tells. */
const abandonedAfter = 24 * 3600 * 1000

const self = ownerOf()

/** A new name that says whose it is, so that what a killed server left can be told from work in progress. */
export async function ownedName(): Promise<string> {
  return `${await self}.${randomUUID()}`
}

/** Whether nobody is left to whom a file or folder with such a name belongs. */
export async function isAbandoned(path: string): Promise<boolean> {
  const gone = await isOwnerGone(basename(path))
  if (gone !== undefined) return gone
  const stats = await stat(path).catch(() => undefined)
  return stats !== undefined && Date.now() - stats.mtimeMs > abandonedAfter
}

/**
 * Removes what processes that are no more left in a folder, which need not exist. Other servers may share it.
 */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  for (const path of names.map((name) => join(folder, name))) {
    if (await isAbandoned(path)) await removeTree(path)
  }
}

/**
 * `<boot and pid namespace>.<pid>.<start>`: what tells a process from all others that had or will have its
 * pid. Containers count their pids each for itself, hence the namespace.
 * @param pid may be `self`
 */
async function ownerOf(pid = 'self'): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const namespace = await readlink('/proc/self/ns/pid')
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The program's name is in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const machine = `${boot.slice(0, 8)}-${namespace.replace(/\D/g, '')}`
    return `${machine}.${text.split(' ', 1)[0] ?? ''}.${fields[startField] ?? ''}`
  } catch {
    return 'none.0.0'
  }
}

/**
 * Whether the owner that a name such as `<owner>.<more>` begins with is no more; undefined where it cannot be
 * asked for: it is of another machine, an earlier boot or another container.
 */
async function isOwnerGone(name: string): Promise<boolean | undefined> {
  const [machine, pid = ''] = name.split('.')
  const own = await ownerOf()
  if (machine !== own.split('.')[0]) return undefined
  return !name.startsWith(`${await ownerOf(pid)}.`)
}

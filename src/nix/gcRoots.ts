import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { GcRoot } from './nix.ts'

/** A folder for links that hold store paths, and what removes it. */
export interface RootFolder extends GcRoot {
  readonly path: string
}

/** Milliseconds. Far longer than any build: of a folder whose owner cannot be asked for, only its age tells. */
const ABANDONED_AFTER = 24 * 60 * 60 * 1000

/** Folders of links under `<stateDir>/gcroots/`, each named by the process that it belongs to. */
export class GcRoots {
  readonly #folder: string
  readonly #owner: Promise<string>

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'gcroots')
    this.#owner = ownerOf('self')
  }

  async create(): Promise<RootFolder> {
    const path = join(this.#folder, `${await this.#owner}.${randomUUID()}`)
    await mkdir(path, { recursive: true })
    return { path, release: () => rm(path, { recursive: true, force: true }) }
  }

  /** Removes what processes left that are no more. Other servers on the machine may share the folder. */
  async removeAbandoned(): Promise<void> {
    const names = await readdir(this.#folder).catch(ignoreMissing)
    const own = await this.#owner
    for (const name of names ?? []) {
      const path = join(this.#folder, name)
      if (await isAbandoned(path, name, own)) await rm(path, { recursive: true, force: true })
    }
  }
}

async function isAbandoned(path: string, name: string, own: string): Promise<boolean> {
  const [machine, pid = ''] = name.split('.')
  if (machine === own.split('.')[0]) return !name.startsWith(`${await ownerOf(pid)}.`)
  const info = await stat(path).catch(ignoreMissing)
  return info !== undefined && Date.now() - info.mtimeMs > ABANDONED_AFTER
}

/**
 * `<boot and pid namespace>.<pid>.<start>`: what tells a process from all others that had or will have its pid.
 * Containers count their pids each for itself, hence the namespace; `pid` may be `self`.
 */
async function ownerOf(pid: string): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const namespace = await readlink('/proc/self/ns/pid')
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses and may hold anything (proc(5)).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const START_TIME = 22 - 3
    const machine = `${boot.slice(0, 8)}-${namespace.replace(/\D/g, '')}`
    return `${machine}.${text.split(' ', 1)[0] ?? ''}.${fields[START_TIME] ?? ''}`
  } catch {
    return 'none.0.0'
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../process/errno.ts'
import { isOwnerGone, ownerOf } from '../process/owner.ts'
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
    this.#owner = ownerOf()
  }

  async create(): Promise<RootFolder> {
    const path = join(this.#folder, `${await this.#owner}.${randomUUID()}`)
    await mkdir(path, { recursive: true })
    return { path, release: () => rm(path, { recursive: true, force: true }) }
  }

  /** Removes what processes left that are no more. Other servers on the machine may share the folder. */
  async removeAbandoned(): Promise<void> {
    const names = await readdir(this.#folder).catch(ignoreMissing)
    for (const name of names ?? []) {
      const path = join(this.#folder, name)
      if (await isAbandoned(path, name)) await rm(path, { recursive: true, force: true })
    }
  }
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  const gone = await isOwnerGone(name)
  if (gone !== undefined) return gone
  const info = await stat(path).catch(ignoreMissing)
  return info !== undefined && Date.now() - info.mtimeMs > ABANDONED_AFTER
}

function ignoreMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined
  throw error
}

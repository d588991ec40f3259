import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ownedName, removeAbandoned } from '../work/owner.ts'
import type { GcRoot } from './nix.ts'

/** A folder for links that hold store paths, and what removes it. */
export interface RootFolder extends GcRoot {
  readonly path: string
}

/** Folders of links under `<stateDir>/gcroots/`, each named by the process that it belongs to. */
export class GcRoots {
  readonly #folder: string

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'gcroots')
  }

  async create(): Promise<RootFolder> {
    const path = join(this.#folder, await ownedName())
    await mkdir(path, { recursive: true })
    return { path, release: () => rm(path, { recursive: true, force: true }) }
  }

  /** Removes what processes left that are no more. Other servers on the machine may share the folder. */
  async removeAbandoned(): Promise<void> {
    await removeAbandoned(this.#folder)
  }
}

import { chmod, chown, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProgramUser } from '../../process/program.ts'
import { ownedName, removeAbandoned } from '../../work/owner.ts'
import { removeTree } from '../../work/removeTree.ts'
import { nixSettings } from './nixSettings.ts'

/** What Nix evaluates to look attributes up. */
const expressions = ['evaluate.nix', 'load.nix', 'allOutputs.nix'] as const
const readableForAll = 0o755

/** A folder for one process. It may write there. */
export interface Scratch {
  readonly folder: string
  readonly home: string
  /** A Nix store of its own: what `--store` takes. */
  readonly store: string
  remove(): Promise<void>
}

/**
 * `<stateDir>/evaluators/<owner>/`, with what programs in the sandbox need: settings of Nix, the server's
 * expressions, and a scratch folder for each process. It goes with the server.
 */
export class PrivateFolder {
  readonly path: string
  readonly #user: ProgramUser | undefined
  #processes = 0

  private constructor(path: string, user: ProgramUser | undefined) {
    this.path = path
    this.#user = user
  }

  /**
   * @param config content of a configuration of Nixpkgs
   * @param user who the programs run as, if that is not the server's own user
   */
  static async create(
    stateDir: string,
    { user, config }: { readonly user?: ProgramUser; readonly config?: string },
  ): Promise<PrivateFolder> {
    const all = join(stateDir, 'evaluators')
    await removeAbandoned(all)
    const folder = new PrivateFolder(join(all, await ownedName()), user)
    for (const path of [all, folder.path, folder.settings, folder.expressions, folder.root]) {
      await mkdir(path, { recursive: true })
      await chmod(path, readableForAll)
    }
    await writeFile(join(folder.settings, 'nix.conf'), nixSettings)
    for (const name of expressions) {
      await copyFile(fileURLToPath(new URL(`../${name}`, import.meta.url)), join(folder.expressions, name))
    }
    if (config !== undefined) await writeFile(join(folder.expressions, 'config.nix'), config)
    return folder
  }

  /** The folder of nix.conf. */
  get settings(): string {
    return join(this.path, 'settings')
  }

  /** The folder of `evaluate.nix` and its kin. */
  get expressions(): string {
    return join(this.path, 'expressions')
  }

  /** An empty folder. */
  get root(): string {
    return join(this.path, 'root')
  }

  async createScratch(): Promise<Scratch> {
    const folder = join(this.path, `process-${++this.#processes}`)
    const [home, store] = [join(folder, 'home'), join(folder, 'store')]
    for (const path of [home, join(store, 'nix/store')]) await mkdir(path, { recursive: true })
    if (this.#user) {
      const { uid, gid } = this.#user
      for (const path of [folder, home, store, join(store, 'nix'), join(store, 'nix/store')]) {
        await chown(path, uid, gid)
      }
    }
    return { folder, home, store, remove: () => removeTree(folder) }
  }

  remove(): Promise<void> {
    return removeTree(this.path)
  }
}

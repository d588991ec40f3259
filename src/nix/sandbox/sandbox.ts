import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { delimiter, dirname } from 'node:path'
import { NixFailed } from '../../errors.ts'
import type { ProgramOptions } from '../../process/program.ts'
import { run as runProgram } from '../../process/run.ts'
import { isolate } from './isolate.ts'
import type { Machine } from './launch.ts'
import { findProgram, findTool, foldersFor, ownFolder } from './machine.ts'
import { namespacePrograms } from './namespaces.ts'
import { PrivateFolder, type Scratch } from './privateFolder.ts'
import { findIsolation, findUser, type Refused } from './probe.ts'
import type { Isolation, Wall } from './walls.ts'

export interface SandboxOptions {
  /** Folder of the server's own. */
  readonly stateDir: string
  /** Where programs are looked for, as in PATH. */
  readonly path: string
  /** Bytes of address space that a process may have. */
  readonly memory: number
  /** Content of a configuration of Nixpkgs, which the expressions find as `config.nix`. */
  readonly config?: string
  /** Which isolation is used; without it, the best that works. For tests. */
  readonly isolation?: Isolation
}

export type NixProgram = 'nix-instantiate' | 'nix'

/** What a process in the sandbox gets. */
export interface Room {
  readonly scratch: Scratch
  /** The package set: the only path that Nix may read, beside the server's expressions and its own store. */
  readonly set?: string
  /** What Nix may read beside it, in the words of its search path: `NAME=PATH` or `PATH`. */
  readonly alsoReadable?: readonly string[]
  /** Seconds of processor time. */
  readonly seconds?: number
}

/** How to start a program in the sandbox. */
interface Confined {
  readonly command: string
  readonly args: readonly string[]
  readonly options: Pick<ProgramOptions, 'cwd' | 'env' | 'onlyEnv' | 'user'>
}

/** What was found out about the machine. */
interface Findings {
  readonly machine: Machine
  readonly folder: PrivateFolder
  readonly isolation: Isolation
  readonly refused: readonly Refused[]
}

const isRoot = process.getuid?.() === 0

/**
 * Runs Nix such that a hostile package set harms nobody: without the server's environment, files, network and
 * rights, as far as the machine allows. What it allows is tried out when the sandbox is first used.
 */
export class Sandbox {
  readonly #options: SandboxOptions
  #findings: Promise<Findings> | undefined

  constructor(options: SandboxOptions) {
    this.#options = options
  }

  /** Which walls stand. @throws NixFailed without Nix */
  async walls(): Promise<readonly Wall[]> {
    const { machine, isolation, refused } = await this.#look()
    const wall = (name: Wall['name'], stands: boolean, why: string | undefined): Wall => ({
      name,
      stands,
      ...(stands || why === undefined ? {} : { why }),
    })
    return [
      wall('restricted evaluation', true, undefined),
      wall('limits', true, undefined),
      ...(isRoot
        ? [wall('unprivileged user', machine.user !== undefined, 'this root cannot change its user')]
        : []),
      ...refused.filter(isWall).map(({ isolation: name, why }) => wall(name, false, why)),
      ...(isolation === 'none' ? [] : [wall(isolation, true, undefined)]),
    ]
  }

  /** The folder that a process may write to, and that goes after it. @throws NixFailed */
  async createScratch(): Promise<Scratch> {
    return (await this.#look()).folder.createScratch()
  }

  /** The folder of the expressions that may be evaluated. @throws NixFailed */
  async expressions(): Promise<string> {
    return (await this.#look()).folder.expressions
  }

  /** @throws NixFailed */
  async confine(program: NixProgram, args: readonly string[], room: Room): Promise<Confined> {
    return this.#confine(await this.#look(), program, args, room)
  }

  /** Nothing may run in it any more. */
  async close(): Promise<void> {
    const findings = await this.#findings?.catch(() => undefined)
    this.#findings = undefined
    await findings?.folder.remove()
  }

  /** A failure is not remembered: somebody may install Nix meanwhile. */
  #look(): Promise<Findings> {
    this.#findings ??= this.#find().catch((error: unknown) => {
      this.#findings = undefined
      throw error
    })
    return this.#findings
  }

  async #find(): Promise<Findings> {
    const { stateDir, path, config, isolation: wanted } = this.#options
    const nix = await this.#programOf('nix-instantiate')
    const user = isRoot ? await findUser() : undefined
    const folder = await PrivateFolder.create(stateDir, {
      ...(user ? { user } : {}),
      ...(config === undefined ? {} : { config }),
    })
    const tools = await Promise.all(namespacePrograms.map((name) => findTool(name, path)))
    const [unshare] = tools
    const present = tools.filter((tool) => tool !== undefined)
    const system = foldersFor([nix, ...present])
    const own = ownFolder(nix, system)
    const machine: Machine = {
      system: own === undefined ? system : [...system, own],
      path: [...new Set(present.map((tool) => dirname(tool)))].join(delimiter),
      root: folder.root,
      isRoot,
      ...(unshare === undefined ? {} : { unshare }),
      ...(user ? { user } : {}),
    }
    const scratch = await folder.createScratch()
    const args = ['--eval', '--readonly-mode', '--store', 'dummy://', '--expr', '1']
    const answer = await findIsolation(async (isolation, signal) => {
      if (isolation !== 'namespaces') await folder.letIn()
      const parts = { machine, folder, isolation, refused: [] }
      const { command, args: all, options } = await this.#confine(parts, 'nix-instantiate', args, { scratch })
      return runProgram(command, all, { ...options, signal })
    })
    if (wanted !== undefined && wanted !== 'namespaces') await folder.letIn()
    await scratch.remove()
    return { machine, folder, ...answer, ...(wanted ? { isolation: wanted } : {}) }
  }

  async #confine(
    { machine, folder, isolation }: Findings,
    program: NixProgram,
    args: readonly string[],
    { scratch, set, alsoReadable = [], seconds }: Room,
  ): Promise<Confined> {
    const sets = set === undefined ? [] : await withTarget(set)
    const beside = await Promise.all(alsoReadable.map((entry) => withTarget(entry.replace(/^[^/=]*=/, ''))))
    const searched = [
      ...sets.map((one) => `nixery-set=${one}`),
      `nixery-expressions=${folder.expressions}`,
      `nixery-store=${scratch.store}/nix/store`,
      ...alsoReadable,
      ...beside.flat(),
    ]
    const launch = isolate(
      isolation,
      [
        await this.#programOf(program),
        ...args,
        ...(set === undefined ? [] : searched.flatMap((one) => ['-I', one])),
      ],
      {
        // Nix says what is missing.
        readable: [
          folder.settings,
          folder.expressions,
          ...[...sets, ...beside.flat()].filter((one) => existsSync(one)),
        ],
        writable: [scratch.folder],
      },
      { memory: this.#options.memory, ...(seconds === undefined ? {} : { seconds }) },
      machine,
    )
    const env = {
      HOME: scratch.home,
      TMPDIR: scratch.home,
      USER: 'nobody',
      LC_ALL: 'C.UTF-8',
      NIX_CONF_DIR: folder.settings,
      NIX_USER_CONF_FILES: '',
    }
    const { command, args: all, user } = launch
    return { command, args: all, options: { cwd: '/', onlyEnv: true, env, ...(user ? { user } : {}) } }
  }

  async #programOf(name: NixProgram): Promise<string> {
    const found = await findProgram(name, this.#options.path)
    if (found !== undefined) return found
    throw new NixFailed(`Nix is not to be had: '${name}' is not installed, or not in the PATH`)
  }
}

/** A path, and what it is a link to. */
async function withTarget(path: string): Promise<readonly string[]> {
  return [...new Set([path, await realpath(path).catch(() => path)])]
}

/** No isolation is no wall. */
function isWall(refused: Refused): refused is Refused & { readonly isolation: 'namespaces' | 'landlock' } {
  return refused.isolation !== 'none'
}

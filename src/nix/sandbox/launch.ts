import type { ProgramUser } from '../../process/program.ts'

/** A program with all that it takes to start it. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  /** Set if the program starts as another user than the server. */
  readonly user?: ProgramUser
}

/** What this machine has for isolating a program. */
export interface Machine {
  /** Folders of the system's programs and of Nix: every program may read them. */
  readonly system: readonly string[]
  /** Where a shell finds programs, as in PATH. */
  readonly path: string
  /** Path of `unshare`, if there is one. */
  readonly unshare?: string
  /** An empty folder. */
  readonly root: string
  /** Whether the server is root. */
  readonly isRoot: boolean
  /** Who programs run as, if that is not the server's own user. */
  readonly user?: ProgramUser
}

/**
 * What a program in the sandbox may see of the file system, beside the system's own programs. Absolute paths.
 */
export interface View {
  /** Files and folders, readable. */
  readonly readable: readonly string[]
  /** Folders, readable and writable. */
  readonly writable: readonly string[]
}

/** What a process in the sandbox may use at most. */
export interface Limits {
  /** Bytes of address space. */
  readonly memory: number
  /** Seconds of processor time, after which it is killed. */
  readonly seconds?: number
}

/** A word of a shell script. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Lines of a shell script that set limits. One that the server has itself, and that is lower, stays. */
export function limitLines({ memory, seconds }: Limits): readonly string[] {
  const wanted = [
    `-c 0`,
    `-v ${Math.ceil(memory / 1024)}`,
    ...(seconds === undefined ? [] : [`-t ${seconds}`]),
  ]
  return wanted.map((limit) => `ulimit ${limit} 2>/dev/null || :`)
}

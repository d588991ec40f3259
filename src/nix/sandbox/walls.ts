/** What keeps an evaluation away from the machine. Several stand behind each other. */
type WallName =
  /** Nix reads the package set and nothing else: no environment, no addresses, no builds. */
  | 'restricted evaluation'
  /** Memory and processor time are bounded. */
  | 'limits'
  /** The server runs as root, but evaluators do not. Missing from the list if the server is not root. */
  | 'unprivileged user'
  /**
   * A process sees no network, no other process, and of the file system only the system's programs, Nix and
   * the set.
   */
  | 'namespaces'
  /**
   * The kernel refuses to open other files, and sockets. It takes the place of namespaces where those are
   * refused.
   */
  | 'landlock'

export interface Wall {
  readonly name: WallName
  readonly stands: boolean
  /** If it does not stand. */
  readonly why?: string
}

/** How a process is kept away from files and network, from the best to the worst. */
export const isolations = ['namespaces', 'landlock', 'none'] as const
export type Isolation = (typeof isolations)[number]

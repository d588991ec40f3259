/** A source pinned to content that cannot change. */
export interface Revision {
  /**
   * Identity of the content: `git:<commit>`, `channel:<commit>` or `path:<sha256 hex>`. Equal ids, equal
   * package sets.
   */
  readonly id: string
  /** For people: `nixos-26.05 (3f1c…)`. */
  readonly label: string
  /**
   * Whether the operator chose it: a folder, or what a branch, tag or channel of the source has or had.
   * Whoever can write to any fork of a repository can make a forge hand out other commits: their code may not
   * be built.
   */
  readonly trusted: boolean
}

/** Where the Nix expression of a package set is. */
export interface SetLocation {
  readonly kind: 'path'
  readonly path: string
}

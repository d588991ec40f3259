/** A source pinned to content that cannot change. */
export interface Revision {
  /**
   * Identity of the content: `git:<commit>`, `channel:<commit>` or `path:<sha256 hex>`. Equal ids, equal
   * package sets.
   */
  readonly id: string
  /** For people: `nixos-26.05 (3f1c…)`. */
  readonly label: string
}

/** Where the Nix expression of a package set is. */
export type SetLocation =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'tarball'; readonly url: string }

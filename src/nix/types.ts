declare const branded: unique symbol

/** An absolute store path such as `/nix/store/3n58xw…-hello-2.12`. */
export type StorePath = string & { readonly [branded]: 'StorePath' }

const pattern = /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[A-Za-z0-9+\-._?=]{1,211}$/

export function isStorePath(text: string): text is StorePath {
  return pattern.test(text)
}

/** @throws TypeError when the text is not a store path. */
export function toStorePath(text: string): StorePath {
  if (!isStorePath(text)) throw new TypeError(`not a store path: ${text}`)
  return text
}

/** `3n58xw…-hello-2.12`: what is left without the store's directory. */
export function baseName(path: StorePath): string {
  return path.slice('/nix/store/'.length)
}

/** `hello-2.12`: what is left without the store's directory and the hash. */
export function nameOf(path: StorePath): string {
  return path.slice('/nix/store/'.length + 33)
}

/** What the store knows of a valid path. `narHash` is `sha256:<hex>`, `narSize` in bytes, references without itself. */
export interface PathInfo {
  readonly path: StorePath
  readonly narHash: string
  readonly narSize: number
  readonly references: readonly StorePath[]
}

/** A system in Nix' words. */
export type System = 'x86_64-linux' | 'aarch64-linux'

/** Where the Nix expression of a package set is to be had. */
export type SetLocation =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'tarball'; readonly url: string }

/** A source pinned to content that cannot change. */
export interface Revision {
  /** Identity of the content: `git:<commit>`, `channel:<commit>` or `path:<sha256 hex>`. Equal ids, equal package sets. */
  readonly id: string
  /** For people: `nixos-26.05 (3f1c…)`. */
  readonly label: string
}

/** Meta of a package as far as images and errors need it. */
export interface PackageMeta {
  readonly description?: string
  readonly homepage?: string
  readonly license?: string
  readonly mainProgram?: string
}

/** What an attribute path evaluated to. What it evaluates to under one revision and system never changes. */
export interface Package {
  /** As asked for, e.g. `python3packages.requests`. */
  readonly attribute: string
  /** As found in the set, e.g. `python3Packages.requests`. */
  readonly resolved: string
  readonly name: string
  readonly version?: string
  readonly derivation: StorePath
  /** The outputs to install, in order, each with its store path. Never empty. */
  readonly outputs: readonly { readonly name: string; readonly path: StorePath }[]
  readonly meta: PackageMeta
}

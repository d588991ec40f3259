import json from '../wishes.json' with { type: 'json' }

/** What an attribute of the set is made of. */
export interface Wish {
  /** A Debian package, or a unit. */
  readonly package: string
  /** SPDX identifier, as nixpkgs gives it. */
  readonly license?: string
  readonly mainProgram?: string
  /** Fetched only when asked for. */
  readonly big?: boolean
  /** Also in the set for arm64. */
  readonly arm64?: boolean
}

export interface Wishes {
  readonly attributes: Readonly<Record<string, Wish>>
  /**
   * Packages that become one store path: the unit's name, and patterns of whole package names. The first is
   * its main one.
   */
  readonly units: Readonly<Record<string, readonly string[]>>
  /** Outputs of a unit besides `out`. */
  readonly outputs: Readonly<Record<string, readonly string[]>>
  /** Dependencies that Debian has and a container does not need. */
  readonly drop: readonly string[]
  /** Dependencies that Debian takes for granted. */
  readonly add: Readonly<Record<string, readonly string[]>>
}

export const wishes: Wishes = json

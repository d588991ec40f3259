import type { Digest } from '../oci/digest.ts'

/** Where a layer of store paths is. `size` in bytes, compressed. */
export interface LayerRecord {
  readonly digest: Digest
  readonly size: number
  readonly diffID: Digest
}

/** What is known of a revision. `created` in seconds since 1970, 0 if that is not known. */
export interface RevisionRecord {
  readonly created: number
}

/** `seen`: the day on which it was first seen, for people. */
export interface TrustedTip {
  readonly seen: string
}

/** A table for revisions that have none yet. */
export interface LayerTableOffer {
  /** Identity of the table, in hex. */
  readonly table: string
  /** The revision that it was made of, if that is known. */
  readonly revision?: string | undefined
  /** The source whose revisions may use it (`sourceId`). Absent: those of any source. */
  readonly source?: string | undefined
}

/** The table that a revision keeps. Null: it keeps having none, as older versions decided. */
export interface LayerTablePin {
  readonly table: string | null
}

/** A revision that uses no table until its source has one. `since`: for people. */
export interface ProvisionalPin {
  readonly since: string
}

/** The server that makes a table on a day. `at`: when it began, in milliseconds since 1970. */
export interface TableGrowthClaim {
  readonly server: string
  readonly at: number
  readonly done: boolean
}

/**
 * What a server relies on. A record never changes: its age, by the storage's own clock, says how long it
 * holds.
 */
export interface PullRecord {
  /** Seconds, from when the record was put, in which nothing that it names may be deleted. */
  readonly holds: number
  /** When each was last asked for, in milliseconds since 1970. */
  readonly manifests: readonly (readonly [Digest, number])[]
  /** Asked for by themselves. */
  readonly blobs: readonly Digest[]
}

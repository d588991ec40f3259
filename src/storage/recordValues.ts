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

/** A table for revisions that are seen later; of the revision that it was made of, if that is known. */
export interface LayerTableOffer {
  /** Identity of the table, in hex. */
  readonly table: string
  readonly revision?: string | undefined
}

/** The table that a revision uses for ever; null if there was none. */
export interface LayerTablePin {
  readonly table: string | null
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

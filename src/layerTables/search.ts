import type { ClosureNode } from '../layers/plan.ts'

/** How paths for a layer table are looked for. */
export interface Search {
  readonly signal: AbortSignal
  /** @param what is counted, such as `narinfos` */
  readonly onProgress: (what: string, done: number, of: number) => void
}

/** How a binary cache is asked. */
export interface CacheSearch extends Search {
  /** Requests at once. */
  readonly parallel: number
  /** Folder of this machine for what was found, so that an interrupted search goes on. */
  readonly stateDir: string
}

/** The paths that a layer table is made of. */
export interface Finding {
  /** For people: where they were found. */
  readonly origin: string
  /** The id of the revision that they are of, if they are of one. */
  readonly revision?: string
  readonly nodes: readonly ClosureNode[]
  /** How many of the outputs that were looked for are among them, from 0 to 1. */
  readonly share: number
  /** For people: what is not among them. */
  readonly remarks: readonly string[]
}

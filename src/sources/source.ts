import type { RunOptions } from '../work/events.ts'
import type { Revision, SetLocation } from '../store/revision.ts'

/**
 * A revision's expression made available, and when its content was made (seconds since 1970), where that is
 * known.
 */
export interface FetchedSet {
  readonly location: SetLocation
  readonly created?: number
  /**
   * Rejects if the files have changed since they were fetched, even if they were changed back: what was
   * evaluated out of them meanwhile must not bear the revision's name. @throws SourceFailed
   */
  confirm(run: RunOptions): Promise<void>
}

/** Where the package set comes from. */
export interface PackageSource {
  /**
   * What a tag means now. Moving references are resolved once and remembered for the pin's time to live.
   * @throws UnknownTag, SourceFailed, StorageFailed
   */
  pin(tag: string, run: RunOptions): Promise<Revision>
  /**
   * Makes the revision's expression available to Nix; cheap when it already is. @throws UnknownTag,
   * SourceFailed
   */
  fetch(revision: Revision, run: RunOptions): Promise<FetchedSet>
  /**
   * Looks whether `latest` can be served, and fetches it, so that the first image need not wait for that.
   * @throws InvalidSource when the source cannot work as it is configured; SourceFailed when it cannot be
   * reached now
   */
  check(run: RunOptions): Promise<void>
  /** Ends what the source does by itself. */
  close(): Promise<void>
}

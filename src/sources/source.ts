import type { RunOptions } from '../work/events.ts'
import type { Revision, SetLocation } from '../store/revision.ts'

/**
 * A revision's expression made available, and when its content was made (seconds since 1970), where that is
 * known.
 */
interface FetchedSet {
  readonly location: SetLocation
  readonly created?: number
}

/** Where the package set comes from. */
export interface PackageSource {
  /**
   * What a tag means now. Moving references are resolved once and remembered for the pin's time to live.
   * @throws UnknownTag, SourceFailed
   */
  pin(tag: string, run: RunOptions): Promise<Revision>
  /** Makes the revision's expression available to Nix; cheap when it already is. @throws SourceFailed */
  fetch(revision: Revision, run: RunOptions): Promise<FetchedSet>
}

import { SourceFailed } from '../errors.ts'
import type { Revision } from '../nix/types.ts'

const PREFIX = 'git:'
const SHOWN_DIGITS = 7

/** Whether a tag is the whole name of a commit. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/** @param name of the branch, tag or channel that the commit was found by, if it was */
export function revisionOf(commit: string, name?: string): Revision {
  const short = commit.slice(0, SHOWN_DIGITS)
  return { id: `${PREFIX}${commit}`, label: name === undefined ? short : `${name} (${short})` }
}

/** @throws SourceFailed when the revision comes from a source of another kind */
export function commitOf({ id }: Revision): string {
  const commit = id.slice(PREFIX.length)
  if (!id.startsWith(PREFIX) || !isCommit(commit)) throw new SourceFailed(`'${id}' is not a commit`)
  return commit
}

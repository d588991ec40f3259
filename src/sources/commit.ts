import { SourceFailed } from '../errors.ts'
import type { Revision } from '../store/revision.ts'

const SHOWN_DIGITS = 7

/** Whether a tag is the whole name of a commit. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/**
 * @param kind of the source: the same commit of two kinds is two revisions, since only one knows when it was made
 * @param name of the branch, tag or channel that the commit was found by, if it was
 */
export function revisionOf(kind: 'git' | 'channel', commit: string, name?: string): Revision {
  const short = commit.slice(0, SHOWN_DIGITS)
  return { id: `${kind}:${commit}`, label: name === undefined ? short : `${name} (${short})` }
}

/** @throws SourceFailed when the revision comes from a source of another kind */
export function commitOf({ id }: Revision): string {
  const commit = id.slice(id.indexOf(':') + 1)
  if (!/^(git|channel):/.test(id) || !isCommit(commit)) throw new SourceFailed(`'${id}' is not a commit`)
  return commit
}

import { SourceFailed } from '../errors.ts'
import type { Revision } from '../store/revision.ts'

const SHOWN_DIGITS = 7

/** Sources whose revisions are commits: the same commit of two of them is two revisions. */
type CommitSource = 'git' | 'channel'

/** Whether a tag is the whole name of a commit. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/** Whether a tag may be the first digits of a commit, as people write it. */
export function isShortCommit(text: string): boolean {
  return /^[0-9a-f]{7,39}$/.test(text)
}

/** Identity of a commit's content. */
export function revisionId(kind: CommitSource, commit: string): string {
  return `${kind}:${commit}`
}

/** @param name of the branch, tag or channel that the commit was found by, if it was */
export function revisionOf(kind: CommitSource, commit: string, trusted: boolean, name?: string): Revision {
  const short = commit.slice(0, SHOWN_DIGITS)
  const label = name === undefined ? short : `${name} (${short})`
  return { id: revisionId(kind, commit), label, trusted }
}

/** @throws SourceFailed when the revision comes from a source of another kind */
export function commitOf({ id }: Revision): string {
  const commit = id.slice(id.indexOf(':') + 1)
  if (!/^(git|channel):/.test(id) || !isCommit(commit)) throw new SourceFailed(`'${id}' is not a commit`)
  return commit
}

import { SourceFailed } from '../errors.ts'
import type { Revision } from '../store/revision.ts'

/** Digits of a commit id that people see. */
const shownDigits = 7

/** Whether a tag is a full commit id. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/**
 * @param kind kind of the source. The same commit of two kinds is two revisions: only one knows when it was
 * made.
 * @param name branch, tag or channel by which the commit was found, if any
 */
export function revisionOf(kind: 'git' | 'channel', commit: string, name?: string): Revision {
  const short = commit.slice(0, shownDigits)
  return { id: `${kind}:${commit}`, label: name === undefined ? short : `${name} (${short})` }
}

/** @throws SourceFailed if the revision comes from a source of another kind */
export function commitOf({ id }: Revision): string {
  const commit = id.slice(id.indexOf(':') + 1)
  if (!/^(git|channel):/.test(id) || !isCommit(commit)) throw new SourceFailed(`'${id}' is not a commit`)
  return commit
}

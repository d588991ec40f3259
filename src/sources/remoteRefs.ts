import { SourceFailed, UnknownTag } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { git } from './gitCommand.ts'

/** A reference of a remote repository: its full name (`refs/heads/main`, or `HEAD`), and its commit now. */
export interface RemoteRef {
  readonly ref: string
  readonly commit: string
}

/** The remote's HEAD, by the name of its branch where the remote tells it. @throws SourceFailed */
export async function remoteHead(repository: string, run: RunOptions): Promise<RemoteRef> {
  const lines = await listRefs(repository, ['HEAD'], run)
  const commit = lines.find(([value, name]) => name === 'HEAD' && !value.startsWith('ref: '))?.[0]
  const branch = lines.find(([value, name]) => name === 'HEAD' && value.startsWith('ref: '))?.[0]
  if (commit === undefined) throw new SourceFailed('the repository has no HEAD')
  return { ref: branch?.slice('ref: '.length) ?? 'HEAD', commit }
}

/**
 * A tag or a branch, in git's own order (gitrevisions(7)): the tag where there are both.
 * Of an annotated tag it is the commit that it points at.
 * @throws UnknownTag, SourceFailed
 */
export async function remoteRef(repository: string, name: string, run: RunOptions): Promise<RemoteRef> {
  const tag = `refs/tags/${name}`
  const branch = `refs/heads/${name}`
  const lines = await listRefs(repository, [tag, `${tag}^{}`, branch], run)
  for (const [listed, ref] of [
    [`${tag}^{}`, tag],
    [tag, tag],
    [branch, branch],
  ]) {
    const commit = lines.find(([, found]) => found === listed)?.[0]
    if (commit !== undefined && ref !== undefined) return { ref, commit }
  }
  throw new UnknownTag(`the repository has no branch or tag '${name}'`)
}

/** A branch and nothing else. @throws UnknownTag, SourceFailed */
export async function remoteBranch(repository: string, name: string, run: RunOptions): Promise<RemoteRef> {
  const ref = `refs/heads/${name}`
  const lines = await listRefs(repository, [ref], run)
  const commit = lines.find(([, found]) => found === ref)?.[0]
  if (commit === undefined) throw new UnknownTag(`there is no channel '${name}'`)
  return { ref, commit }
}

/** The last component, for people. */
export function shortName({ ref }: RemoteRef): string {
  return ref.replace(/^refs\/(heads|tags)\//, '')
}

/** Pairs of value and name. Git takes the names for patterns, so there may be more than was asked for. */
async function listRefs(
  repository: string,
  names: readonly string[],
  run: RunOptions,
): Promise<readonly (readonly [value: string, name: string])[]> {
  const stdout = await git(['ls-remote', '--symref', '--', repository, ...names], run)
  return stdout.split('\n').flatMap((line) => {
    const [value, name] = line.split('\t')
    return value !== undefined && name !== undefined ? [[value, name] as const] : []
  })
}

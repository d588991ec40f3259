import { InvalidSource, UnknownTag } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { SingleFlight } from '../work/singleFlight.ts'
import type { Remote } from './remote.ts'

/** A reference of a remote repository: its full name (`refs/heads/main`, or `HEAD`), and its commit now. */
export interface RemoteRef {
  readonly ref: string
  readonly commit: string
}

/** Milliseconds for which one list of branches and tags answers for all of them. */
const listedFor = 5_000

interface Listing {
  /** Commits by full name. */
  readonly commits: ReadonlyMap<string, string>
  readonly until: number
}

/**
 * What a remote's branches and tags point at now. One program lists them all, and its answer is used for a
 * moment: however many unknown tags are asked for, the remote is asked once.
 */
export class RemoteRefs {
  readonly #remote: Remote
  readonly #freshFor: number
  readonly #listings = new SingleFlight<Listing>()
  #listing: Listing | undefined

  /** @param pinTtl seconds for which a reference may be used without asking again: a list holds no longer */
  constructor(remote: Remote, pinTtl: number) {
    this.#remote = remote
    this.#freshFor = Math.min(listedFor, pinTtl * 1000)
  }

  /**
   * The remote's HEAD, by the name of its branch where the remote tells it. @throws SourceFailed;
   * InvalidSource if it has none
   */
  async head(run: RunOptions): Promise<RemoteRef> {
    const lines = await this.#ask(['--symref'], ['HEAD'], run)
    const commit = lines.find(([value, name]) => name === 'HEAD' && !value.startsWith('ref: '))?.[0]
    const branch = lines.find(([value, name]) => name === 'HEAD' && value.startsWith('ref: '))?.[0]
    if (commit === undefined) throw new InvalidSource('the repository is empty: it has no HEAD')
    return { ref: branch?.slice('ref: '.length) ?? 'HEAD', commit }
  }

  /**
   * A tag or a branch, in git's own order (gitrevisions(7)): the tag where there are both.
   * Of an annotated tag it is the commit that it points at.
   * @throws UnknownTag, SourceFailed
   */
  async find(name: string, run: RunOptions): Promise<RemoteRef> {
    const { commits } = await this.#list(run)
    const tag = `refs/tags/${name}`
    const branch = `refs/heads/${name}`
    for (const [listed, ref] of [
      [`${tag}^{}`, tag],
      [tag, tag],
      [branch, branch],
    ] as const) {
      const commit = commits.get(listed)
      if (commit !== undefined) return { ref, commit }
    }
    throw new UnknownTag(`the repository has no branch or tag '${name}'`)
  }

  /** A branch and nothing else. @throws UnknownTag, SourceFailed */
  async branch(name: string, run: RunOptions): Promise<RemoteRef> {
    const ref = `refs/heads/${name}`
    const commit = (await this.#list(run)).commits.get(ref)
    if (commit === undefined) throw new UnknownTag(`there is no channel '${name}'`)
    return { ref, commit }
  }

  /** Commits that branches or tags point at and that begin with some digits. @throws SourceFailed */
  async complete(digits: string, run: RunOptions): Promise<readonly string[]> {
    const commits = new Set((await this.#list(run)).commits.values())
    return [...commits].filter((commit) => commit.startsWith(digits))
  }

  async #list(run: RunOptions): Promise<Listing> {
    if (this.#listing && performance.now() < this.#listing.until) return this.#listing
    return this.#listings.run('list', run, async (shared) => {
      // Without a pattern the remote itself leaves out what is neither: Nixpkgs has a million references of
      // other kinds.
      const lines = await this.#ask(['--heads', '--tags'], [], shared)
      const commits = new Map(lines.map(([commit, name]) => [name, commit] as const))
      this.#listing = { commits, until: performance.now() + this.#freshFor }
      return this.#listing
    })
  }

  /** Pairs of value and name. */
  async #ask(
    options: readonly string[],
    names: readonly string[],
    run: RunOptions,
  ): Promise<readonly (readonly [value: string, name: string])[]> {
    const stdout = await this.#remote.git(
      ['ls-remote', ...options, '--', this.#remote.address, ...names],
      run,
    )
    return stdout.split('\n').flatMap((line) => {
      const [value, name] = line.split('\t')
      return value !== undefined && name !== undefined ? [[value, name] as const] : []
    })
  }
}

/** The last component, for people. */
export function shortName({ ref }: RemoteRef): string {
  return ref.replace(/^refs\/(heads|tags)\//, '')
}

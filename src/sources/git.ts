import { createHash } from 'node:crypto'
import { join } from 'node:path'
import PQueue from 'p-queue'
import { InvalidSource, UnknownTag } from '../errors.ts'
import type { Revision } from '../store/revision.ts'
import type { RunOptions } from '../work/events.ts'
import { isCommit, isShortCommit, revisionId, revisionOf } from './commit.ts'
import { CommitTrust } from './commitTrust.ts'
import { requireDefaultNix } from './defaultNix.ts'
import { FetchedCommits } from './fetchedCommits.ts'
import { GitFailed } from './gitCommand.ts'
import { GitMirror } from './gitMirror.ts'
import { History } from './history.ts'
import { Pins } from './pins.ts'
import { Remote } from './remote.ts'
import { RemoteRefs, shortName, type RemoteRef } from './remoteRefs.ts'
import { completeCommit } from './shortCommit.ts'
import type { FetchedSet, PackageSource } from './source.ts'
import { TrustedTips, type TipRecords } from './trustedTips.ts'

/** Short commits that are looked for side by side, whatever is asked for. */
const completionsAtOnce = 2

interface GitSourceOptions {
  /** Folder of the server's own for what was fetched. */
  readonly cacheDir: string
  /** Seconds that a resolved branch, tag or HEAD is used without asking again. */
  readonly pinTtl: number
  /** What branches and tags have pointed at. */
  readonly tips: TipRecords
  /** A file with credentials by host (netrc(5)), for a repository on the web. */
  readonly netrc?: string | undefined
}

/**
 * A git repository, by any address that git takes, with the machine's own credentials. The tag `latest` is
 * the remote's HEAD; others are git tags, branches (a tag goes before a branch of its name) and commits. A
 * commit is trusted if a branch or tag has it, or pointed at it when the storage first saw it. Submodules are
 * left out.
 */
export function createGitSource(repository: string, options: GitSourceOptions): PackageSource {
  return new GitSource(repository, options)
}

class GitSource implements PackageSource {
  readonly #remote: Remote
  readonly #refs: RemoteRefs
  readonly #pins: Pins<RemoteRef>
  readonly #tips: TrustedTips
  readonly #history: History
  readonly #trust: CommitTrust
  readonly #mirror: GitMirror
  readonly #commits: FetchedCommits
  readonly #completions = new PQueue({ concurrency: completionsAtOnce })

  constructor(repository: string, { cacheDir, pinTtl, tips, netrc }: GitSourceOptions) {
    const remote = new Remote(repository, netrc)
    const id = createHash('sha256').update(remote.address).digest('hex').slice(0, 16)
    this.#remote = remote
    this.#refs = new RemoteRefs(remote, pinTtl)
    this.#pins = new Pins(pinTtl)
    this.#tips = new TrustedTips(tips)
    this.#history = new History(join(cacheDir, `history-${id}.git`), remote, pinTtl)
    this.#trust = new CommitTrust(this.#tips, this.#history, pinTtl)
    const mirror = new GitMirror(join(cacheDir, `mirror-${id}.git`), remote)
    this.#mirror = mirror
    this.#commits = new FetchedCommits({
      folder: cacheDir,
      // Git locks the mirror while it fetches.
      atOnce: 1,
      write: async (commit, folder, run) => ({ created: await mirror.checkOut(commit, folder, run) }),
      isIntact: (folder, _record, run) => mirror.isIntact(folder, run),
      onRemoved: (commit, run) => mirror.forget(commit, run),
    })
  }

  async pin(tag: string, run: RunOptions): Promise<Revision> {
    if (isCommit(tag)) return this.#revisionOf(tag, run)
    try {
      const found = await this.#pins.get(tag, run, (shared) => this.#lookUp(tag, shared))
      return revisionOf('git', found.commit, true, shortName(found))
    } catch (error) {
      if (!(error instanceof UnknownTag) || !isShortCommit(tag)) throw error
      const searches = [
        (digits: string) => this.#refs.complete(digits, run),
        (digits: string) => this.#mirror.complete(digits, run),
        (digits: string) => this.#history.complete(digits, run),
      ]
      const complete = () => completeCommit(tag, error, searches)
      return this.#revisionOf(await this.#completions.add(complete, { signal: run.signal }), run)
    }
  }

  async fetch(revision: Revision, run: RunOptions): Promise<FetchedSet> {
    const { path, created } = await this.#commits.get(revision, run)
    return { location: { kind: 'path', path }, created, confirm: async () => undefined }
  }

  async check(run: RunOptions): Promise<void> {
    try {
      const latest = await this.pin('latest', run)
      const { location } = await this.fetch(latest, run)
      await requireDefaultNix(location.path, `${latest.label} of ${this.#remote.address}`)
    } catch (cause) {
      if (!(cause instanceof GitFailed) || !cause.isLasting) throw cause
      const reason = `the git repository ${this.#remote.address} cannot be read. Are its address and the credentials right?`
      throw new InvalidSource(`${reason} ${cause.message}`, { cause })
    }
  }

  async close(): Promise<void> {
    await this.#history.close()
  }

  async #lookUp(tag: string, run: RunOptions): Promise<RemoteRef> {
    const found = tag === 'latest' ? await this.#refs.head(run) : await this.#refs.find(tag, run)
    this.#commits.choose(found.commit)
    await this.#tips.add(revisionId('git', found.commit), run)
    return found
  }

  async #revisionOf(commit: string, run: RunOptions): Promise<Revision> {
    return revisionOf('git', commit, await this.#trust.has(commit, run))
  }
}

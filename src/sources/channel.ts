import { join } from 'node:path'
import { InvalidSource, UnknownTag } from '../errors.ts'
import type { Revision } from '../store/revision.ts'
import type { RunOptions } from '../work/events.ts'
import { isCommit, isShortCommit, revisionId, revisionOf } from './commit.ts'
import { requireDefaultNix } from './defaultNix.ts'
import { DownloadRefused } from './download.ts'
import { FetchedCommits } from './fetchedCommits.ts'
import { GitFailed } from './gitCommand.ts'
import { Pins } from './pins.ts'
import { Remote } from './remote.ts'
import { RemoteRefs, shortName, type RemoteRef } from './remoteRefs.ts'
import { completeCommit } from './shortCommit.ts'
import type { FetchedSet, PackageSource } from './source.ts'
import { Tarballs } from './tarballs.ts'
import { TrustedTips, type TipRecords } from './trustedTips.ts'

/** Tarballs that are fetched side by side. */
const fetchesAtOnce = 2

interface ChannelSourceOptions {
  /** What the tag `latest` means: a channel, or a commit's whole name. */
  readonly channel: string
  /**
   * Address of a git repository that has channels as branches, and tarballs under `archive/<commit>.tar.gz`.
   */
  readonly baseUrl: string
  /** Which channels may be asked for by tag; `*` stands for any characters. Commits always may. */
  readonly tags: readonly string[]
  /** Seconds that a resolved channel is used without asking again. */
  readonly pinTtl: number
  /** Folder of the server's own for what was fetched. */
  readonly cacheDir: string
  /** What channels have pointed at. */
  readonly tips: TipRecords
  /** A file with credentials by host (netrc(5)). */
  readonly netrc?: string | undefined
}

/**
 * Channels of Nixpkgs, resolved to commits, whose tarballs the server fetches itself. Of commits only those
 * are trusted that a channel pointed at when the storage first saw them, since a forge has tarballs of the
 * commits of forks too.
 */
export function createChannelSource(options: ChannelSourceOptions): PackageSource {
  return new ChannelSource(options)
}

class ChannelSource implements PackageSource {
  readonly #channel: string
  readonly #tags: readonly string[]
  readonly #patterns: readonly RegExp[]
  readonly #remote: Remote
  readonly #refs: RemoteRefs
  readonly #pins: Pins<RemoteRef>
  readonly #tips: TrustedTips
  readonly #commits: FetchedCommits

  constructor({ channel, baseUrl, tags, pinTtl, cacheDir, tips, netrc }: ChannelSourceOptions) {
    const remote = new Remote(baseUrl.replace(/\/+$/, ''), netrc)
    const tarballs = new Tarballs(remote)
    this.#channel = channel
    this.#tags = tags
    this.#patterns = tags.map(toRegExp)
    this.#remote = remote
    this.#refs = new RemoteRefs(remote, pinTtl)
    this.#pins = new Pins(pinTtl)
    this.#tips = new TrustedTips(tips)
    this.#commits = new FetchedCommits({
      folder: join(cacheDir, 'channel'),
      atOnce: fetchesAtOnce,
      // The time when a commit was made stays unknown: images of channels have been as old as the epoch all
      // along.
      write: async (commit, folder, run) => ({
        created: 0,
        hash: await tarballs.unpack(commit, folder, run),
      }),
      isIntact: (folder, { hash }, run) => tarballs.isIntact(folder, hash, run),
      onRemoved: async () => undefined,
    })
    if (isCommit(channel)) this.#commits.choose(channel)
  }

  async pin(tag: string, run: RunOptions): Promise<Revision> {
    const name = tag === 'latest' ? this.#channel : tag
    if (isCommit(name)) return this.#revisionOf(name)
    if (name === this.#channel || this.#patterns.some((pattern) => pattern.test(name))) {
      const found = await this.#pins.get(name, run, (shared) => this.#lookUp(name, shared))
      return revisionOf('channel', found.commit, true, shortName(found))
    }
    const unknown = new UnknownTag(`there is no tag '${tag}': ${choices(this.#tags)}`)
    if (!isShortCommit(name)) throw unknown
    const commit = await completeCommit(name, unknown, [
      (digits) => this.#refs.complete(digits, run),
      (digits) => this.#commits.complete(digits),
    ])
    return this.#revisionOf(commit)
  }

  async fetch(revision: Revision, run: RunOptions): Promise<FetchedSet> {
    const { path } = await this.#commits.get(revision, run)
    return { location: { kind: 'path', path }, confirm: async () => undefined }
  }

  async check(run: RunOptions): Promise<void> {
    const { address } = this.#remote
    if (!/^https?:/i.test(address)) throw new InvalidSource(`${address} is not an address of the web`)
    try {
      const latest = await this.pin('latest', run)
      const { location } = await this.fetch(latest, run)
      await requireDefaultNix(location.path, `${latest.label} of ${address}`)
    } catch (cause) {
      const isLasting =
        cause instanceof UnknownTag ||
        ((cause instanceof GitFailed || cause instanceof DownloadRefused) && cause.isLasting)
      if (!isLasting) throw cause
      throw new InvalidSource(
        `the channel '${this.#channel}' cannot be had from ${address}: ${cause.message}. Are the name, the address and its credentials right?`,
        { cause },
      )
    }
  }

  async close(): Promise<void> {}

  async #lookUp(name: string, run: RunOptions): Promise<RemoteRef> {
    const found = await this.#refs.branch(name, run)
    this.#commits.choose(found.commit)
    await this.#tips.add(revisionId('channel', found.commit), run)
    return found
  }

  async #revisionOf(commit: string): Promise<Revision> {
    const chosen = commit === this.#channel
    return revisionOf('channel', commit, chosen || (await this.#tips.has(revisionId('channel', commit))))
  }
}

function choices(tags: readonly string[]): string {
  const channels = tags.length > 0 ? `, a channel that matches ${tags.join(' or ')},` : ''
  return `it may be 'latest'${channels} or a commit of 40 digits`
}

function toRegExp(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}

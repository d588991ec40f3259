import { UnknownTag } from '../errors.ts'
import type { Revision } from '../store/revision.ts'
import { commitOf, isCommit, revisionOf } from './commit.ts'
import { Pins } from './pins.ts'
import { remoteBranch, shortName, type RemoteRef } from './remoteRefs.ts'
import type { PackageSource } from './source.ts'

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
}

/** Channels of Nixpkgs, resolved to commits; Nix fetches their tarballs itself. */
export function createChannelSource(options: ChannelSourceOptions): PackageSource {
  const { channel, tags, pinTtl } = options
  const baseUrl = options.baseUrl.replace(/\/+$/, '')
  const patterns = tags.map(toRegExp)
  const pins = new Pins<RemoteRef>(pinTtl)

  return {
    async pin(tag, run): Promise<Revision> {
      const name = tag === 'latest' ? channel : tag
      if (isCommit(name)) return revisionOf('channel', name)
      const allowed = name === channel || patterns.some((pattern) => pattern.test(name))
      if (!allowed) throw new UnknownTag(`there is no tag '${tag}': ${choices(tags)}`)
      const found = await pins.get(name, run, (shared) => remoteBranch(baseUrl, name, shared))
      return revisionOf('channel', found.commit, shortName(found))
    },

    async fetch(revision) {
      const url = `${baseUrl}/archive/${commitOf(revision)}.tar.gz`
      return { location: { kind: 'tarball', url } }
    },
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

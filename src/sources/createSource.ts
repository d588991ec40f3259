import { createChannelSource } from './channel.ts'
import { createGitSource } from './git.ts'
import { createPathSource } from './path.ts'
import type { PackageSource } from './source.ts'
import type { TipRecords } from './trustedTips.ts'

/** Which source, and where. */
export type SourceConfig =
  | {
      readonly kind: 'channel'
      /** See `ChannelSourceOptions`. */
      readonly channel: string
      readonly baseUrl: string
      readonly tags: readonly string[]
    }
  | { readonly kind: 'git'; readonly repository: string }
  | { readonly kind: 'path'; readonly path: string }

interface SourceSettings {
  /** Folder of this machine for what was fetched. */
  readonly cacheDir: string
  /** Seconds that a resolved channel, branch or tag is used without asking again. */
  readonly pinTtl: number
  /** What branches, tags and channels have pointed at. */
  readonly tips: TipRecords
  /** A file with credentials by host (netrc(5)). */
  readonly netrc?: string | undefined
}

export function createSource(config: SourceConfig, settings: SourceSettings): PackageSource {
  switch (config.kind) {
    case 'channel':
      return createChannelSource({ ...config, ...settings })
    case 'git':
      return createGitSource(config.repository, settings)
    case 'path':
      return createPathSource(config.path)
  }
}

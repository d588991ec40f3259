import { createChannelSource } from './channel.ts'
import { createGitSource } from './git.ts'
import { createPathSource } from './path.ts'
import type { PackageSource } from './source.ts'

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
}

export function createSource(config: SourceConfig, { cacheDir, pinTtl }: SourceSettings): PackageSource {
  switch (config.kind) {
    case 'channel':
      return createChannelSource({ ...config, pinTtl })
    case 'git':
      return createGitSource(config.repository, { cacheDir, pinTtl })
    case 'path':
      return createPathSource(config.path)
  }
}

import { encodeJson, type Encoded } from './descriptor.ts'
import type { Digest } from './digest.ts'
import { mediaTypes } from './mediaTypes.ts'
import type { Platform } from './platform.ts'

/** One line of an image's history. Every line stands for one layer, in the same order. */
interface HistoryEntry {
  readonly createdBy: string
}

interface ImageConfig {
  readonly platform: Platform
  /** Seconds since 1970. */
  readonly created: number
  /** `NAME=value`, in the order in which the container sees them. */
  readonly env: readonly string[]
  readonly cmd?: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly diffIDs: readonly Digest[]
  readonly history: readonly HistoryEntry[]
}

/** OCI image-spec, config.md. Docker reads the same bytes under its own media type. */
export function encodeConfig(config: ImageConfig, mediaType: string = mediaTypes.ociConfig): Encoded {
  const created = new Date(config.created * 1000).toISOString().replace('.000Z', 'Z')
  return encodeJson(mediaType, {
    created,
    architecture: config.platform.architecture,
    os: config.platform.os,
    config: {
      Env: config.env,
      ...(config.cmd ? { Cmd: config.cmd } : {}),
      Labels: Object.fromEntries(Object.entries(config.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    },
    rootfs: { type: 'layers', diff_ids: config.diffIDs },
    history: config.history.map((entry) => ({ created, created_by: entry.createdBy })),
  })
}

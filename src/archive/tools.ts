import { createCodec, type Codec } from './codec.ts'
import type { ThreadData } from './jobs.ts'
import { SegmentCache } from './segmentCache.ts'

/** What a thread does its jobs with. */
export interface Tools {
  readonly codec: Codec
  readonly storeDirectory: string
  readonly cache: Caches | undefined
}

export interface Caches {
  readonly folder: string
  /** Members as they go into blobs. */
  readonly segments: SegmentCache
  /** Store paths that share members, to be read where the store has them no more: the same for every codec. */
  readonly sources: SegmentCache
}

const sourceCodec = { name: 'zstd', level: 3 } as const

export function toolsOf({ codec: choice, storeDirectory, cacheFolder: folder }: ThreadData): Tools {
  const codec = createCodec(choice)
  if (folder === undefined || !codec.isCostly) return { codec, storeDirectory, cache: undefined }
  const segments = new SegmentCache(folder, codec)
  const sources = new SegmentCache(folder, createCodec(sourceCodec))
  return { codec, storeDirectory, cache: { folder, segments, sources } }
}

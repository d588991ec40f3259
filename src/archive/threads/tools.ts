import { createCodec, memberSize, type Codec } from '../codec/codec.ts'
import type { ThreadData } from './jobs.ts'
import { SegmentCache } from '../segments/segmentCache.ts'

/** What a thread does its jobs with. */
export interface Tools {
  readonly codec: Codec
  readonly storeDirectory: string
  readonly cache: Caches | undefined
  /**
   * A member is gathered here. One for all jobs: memory that is taken and left again and again is slow to
   * come back.
   */
  readonly memberBuffer: Buffer
  /** What shares members is read here. */
  readonly pieceBuffer: Buffer
}

interface Caches {
  readonly folder: string
  /** Members as they go into blobs. */
  readonly segments: SegmentCache
  /**
   * Store paths that share members, to be read where the store has them no more: the same for every codec.
   */
  readonly sources: SegmentCache
}

const sourceCodec = { name: 'zstd', level: 3 } as const

/** Larger pieces are not faster. */
const pieceSize = 1024 * 1024

export function toolsOf({ codec: choice, storeDirectory, cacheFolder: folder }: ThreadData): Tools {
  const codec = createCodec(choice)
  const memberBuffer = Buffer.allocUnsafeSlow(memberSize)
  const pieceBuffer = Buffer.allocUnsafeSlow(pieceSize)
  return { codec, storeDirectory, cache: cachesIn(folder, codec), memberBuffer, pieceBuffer }
}

function cachesIn(folder: string | undefined, codec: Codec): Caches | undefined {
  if (folder === undefined || !codec.isCostly) return undefined
  const segments = new SegmentCache(folder, codec)
  const sources = new SegmentCache(folder, createCodec(sourceCodec))
  return { folder, segments, sources }
}

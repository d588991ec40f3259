import { availableParallelism } from 'node:os'
import { z } from 'zod'
import type { CodecChoice } from '../archive/codec/codec.ts'
import type { StrategyName } from '../layers/strategies.ts'
import { group, type Given } from './group.ts'
import { bytes, integer, text } from './rules.ts'

/** How many layers of store paths an image has at most, unless the operator says otherwise. */
export const mostLayers = 94

/** Levels that the compressors have; above these of zstd, they take much time and memory for little. */
const highestLevels: Readonly<Record<string, number>> = { gzip: 12, zstd: 19, none: 0 }

/** How layers are planned and made. */
export interface Layers {
  readonly compression: CodecChoice
  /** Threads that pack layers. */
  readonly workers: number
  /** Bytes of compressed store paths that are kept. */
  readonly segmentCache: number
  readonly strategy: StrategyName
  /** Most layers of store paths in an image; the root layer comes on top. */
  readonly budget: number
  /** Path or address of a layer table. */
  readonly table: string | undefined
  /** Whether servers make layer tables by themselves. */
  readonly automaticTables: boolean
  /** Path or address of popularity counts. */
  readonly popularity: string | undefined
}

export const layers = group({
  variables: {
    NIXERY_LAYER_COMPRESSION: z
      .enum(['gzip', 'zstd', 'none'], "must be 'gzip', 'zstd' or 'none'")
      .default('gzip'),
    NIXERY_LAYER_LEVEL: integer(1, 100).optional(),
    NIXERY_WORKERS: integer(1, 1024).default(availableParallelism()),
    NIXERY_SEGMENT_CACHE: bytes.prefault('10G'),
    NIXERY_LAYERING: z
      .enum(['forest', 'size', 'dominators', 'single'], 'must be one of forest, size, dominators, single')
      .default('forest'),
    // Docker's classic store refuses 127 layers; the root layer comes on top.
    NIXERY_MAX_LAYERS: integer(1, 125).default(mostLayers),
    NIXERY_LAYER_TABLE: text.optional(),
    NIXERY_LAYER_TABLES: z.enum(['auto', 'manual'], "must be 'auto' or 'manual'").default('auto'),
    NIX_POPULARITY_URL: text.optional(),
  },
  faults: levelFaults,
  value: (variables): Layers => ({
    compression: { name: variables.NIXERY_LAYER_COMPRESSION, level: variables.NIXERY_LAYER_LEVEL },
    workers: variables.NIXERY_WORKERS,
    segmentCache: variables.NIXERY_SEGMENT_CACHE,
    strategy: variables.NIXERY_LAYERING,
    budget: variables.NIXERY_MAX_LAYERS,
    table: variables.NIXERY_LAYER_TABLE,
    automaticTables:
      variables.NIXERY_LAYERING === 'forest' &&
      variables.NIXERY_LAYER_TABLES === 'auto' &&
      variables.NIXERY_LAYER_TABLE === undefined,
    popularity: variables.NIX_POPULARITY_URL,
  }),
})

function levelFaults({
  NIXERY_LAYER_COMPRESSION: codec = 'gzip',
  NIXERY_LAYER_LEVEL: level,
}: Given): readonly string[] {
  const highest = highestLevels[codec]
  if (level === undefined || highest === undefined || !(Number(level) > highest)) return []
  const rule = highest === 0 ? 'has no meaning' : `must be from 1 to ${highest}`
  return [`NIXERY_LAYER_LEVEL ${rule} where NIXERY_LAYER_COMPRESSION is ${codec} (it is '${level}')`]
}

import type { Codec } from './codec/codec.ts'
import { memberSize } from './codec/codec.ts'
import type { StorePathContent } from './packer.ts'

/**
 * Store paths smaller than this (bytes, NAR) share members: with members of their own they would compress
 * worse.
 */
const tiny = 64 * 1024

/**
 * The order in which a layer has its store paths: first those that share members, then the others; each
 * sorted.
 */
interface Layout {
  readonly shared: readonly StorePathContent[]
  readonly segments: readonly StorePathContent[]
}

/** Depends on registered sizes alone, so that a layer is laid out the same wherever its bytes come from. */
export function layoutOf(storePaths: readonly StorePathContent[], codec: Codec): Layout {
  const sorted = [...new Map(storePaths.map((one) => [one.path, one])).values()].toSorted((a, b) =>
    a.path < b.path ? -1 : 1,
  )
  const isShared = ({ narSize }: StorePathContent) => !codec.isCostly || narSize < tiny
  return {
    shared: sorted.filter(isShared),
    segments: sorted.filter((one) => !isShared(one)),
  }
}

/** All that a layer's bytes depend on beside its content. */
export function layerIdentity({ identity }: Codec): string {
  return `${identity}-members${memberSize / 2 ** 20}MiB-tiny${tiny / 2 ** 10}KiB`
}

import type { Codec } from '../codec/codec.ts'
import type { Added } from './additions.ts'
import type { Origin } from './memberFile.ts'
import { CacheFault, type Place, type SegmentCache } from './segmentCache.ts'

/** A member to be made, and where to keep it. */
export interface Uncompressed<Tar extends Uint8Array = Uint8Array> {
  readonly tar: Tar
  /** Undefined where it is not to be kept. */
  readonly keep: { readonly place: Place; readonly origin: Origin } | undefined
}

/** A member that another thread compresses: in a buffer that nobody else uses. */
export type Delegated = Uncompressed<Uint8Array<ArrayBuffer>>

export interface Encoded extends Added {
  /** Good until the next is made. */
  readonly member: Uint8Array
}

/** Compresses a member, and keeps it for the next layer that has the store path. */
export function encode({ tar, keep }: Uncompressed, codec: Codec, cache: SegmentCache | undefined): Encoded {
  const member = codec.encode(tar)
  if (keep === undefined || cache === undefined) return { member, written: 0, fault: undefined }
  try {
    return { member, written: cache.write(keep.place, keep.origin, member), fault: undefined }
  } catch (error) {
    if (!(error instanceof CacheFault)) throw error
    return { member, written: 0, fault: error.message }
  }
}

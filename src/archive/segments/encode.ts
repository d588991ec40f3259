import type { Codec } from '../codec/codec.ts'
import type { Added } from './additions.ts'
import type { Origin } from './memberFile.ts'
import { CacheFault, type Place, type SegmentCache } from './segmentCache.ts'

/** A member before it is compressed, and where the cache keeps it. */
export interface Uncompressed<Tar extends Uint8Array = Uint8Array> {
  readonly tar: Tar
  /** Undefined if the cache must not keep it. */
  readonly keep: { readonly place: Place; readonly origin: Origin } | undefined
}

/** A member that another thread compresses. Nobody else uses its buffer. */
export type Delegated = Uncompressed<Uint8Array<ArrayBuffer>>

/** A compressed member, and what was written to the cache. */
interface EncodedMember extends Added {
  /** Valid until the next member is compressed. */
  readonly member: Uint8Array
}

/** Compresses a member and keeps it for the next layer with the same store path. */
export function encode(
  { tar, keep }: Uncompressed,
  codec: Codec,
  cache: SegmentCache | undefined,
): EncodedMember {
  const member = codec.encode(tar)
  if (keep === undefined || cache === undefined) return { member, written: 0, fault: undefined }
  try {
    return { member, written: cache.write(keep.place, keep.origin, member), fault: undefined }
  } catch (error) {
    if (!(error instanceof CacheFault)) throw error
    return { member, written: 0, fault: error.message }
  }
}

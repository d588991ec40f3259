import type { Descriptor } from './descriptor.ts'
import type { Digest } from './digest.ts'

/** A layer has two identities: its blob (compressed) and its diffID (the digest of the uncompressed tar). */
export interface Layer {
  readonly descriptor: Descriptor
  readonly diffID: Digest
}

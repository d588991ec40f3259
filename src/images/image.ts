import type { Descriptor, Encoded } from '../oci/descriptor.ts'

/** An image whose every byte is in the storage. */
export interface Image {
  readonly manifest: Encoded
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

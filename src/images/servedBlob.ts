import type { Readable } from 'node:stream'
import type { Digest } from '../oci/digest.ts'
import type { BlobFile, ByteRange } from '../storage/interfaces.ts'

export type { BlobFile } from '../storage/interfaces.ts'

/** A blob that is in the storage, and the ways in which its bytes can be sent. */
export interface ServedBlob {
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** Path of its file below the folder of the storage, if the storage is a folder. */
  readonly path: string
  /** @throws BlobUnknown, StorageFailed */
  open(range?: ByteRange): Promise<Readable>
  /** Its open file, if there is one on this machine. The caller closes it. @throws StorageFailed */
  file(): Promise<BlobFile | undefined>
  /**
   * A link to the storage that anybody can read for a while, if clients are to use one.
   * @throws StorageFailed
   */
  link(): Promise<URL | undefined>
}

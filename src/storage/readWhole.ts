import { buffer } from 'node:stream/consumers'
import { BlobUnknown } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import type { BlobStore } from './interfaces.ts'

/**
 * All bytes of a blob that fits into memory, such as a manifest. Undefined if it does not exist. @throws
 * StorageFailed
 */
export async function readWhole(blobs: BlobStore, digest: Digest): Promise<Buffer | undefined> {
  try {
    return await buffer(await blobs.open(digest))
  } catch (error) {
    if (error instanceof BlobUnknown) return undefined
    throw error
  }
}

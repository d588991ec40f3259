import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import { ManifestUnknown } from '../errors.ts'
import type { Encoded } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/mediaTypes.ts'
import { parseJson } from '../oci/parse.ts'
import type { BlobStore } from '../storage/interfaces.ts'
import { readWhole } from '../storage/readWhole.ts'

/** Bytes. Larger blobs are layers (OCI distribution-spec, "Pushing manifests": at least 4 MiB). */
const largestManifest = 4 << 20

/**
 * Bytes. Manifests are smaller. Of larger blobs the beginning is looked at first, as most of them are layers.
 */
const usualManifest = 64 << 10

const kinds: ReadonlySet<string> = new Set([
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
])
const typed = z.object({ mediaType: z.string().refine((type) => kinds.has(type)) })

/**
 * Reads a manifest or an index. Returns undefined for a blob that is neither.
 * @throws ManifestUnknown if there is no such blob; StorageFailed
 */
export async function readManifest(blobs: BlobStore, digest: Digest): Promise<Encoded | undefined> {
  const found = await blobs.stat(digest)
  if (!found) throw new ManifestUnknown(digest)
  if (found.size > largestManifest) return undefined
  if (found.size > usualManifest && !(await beginsAsJson(blobs, digest))) return undefined
  const bytes = await readWhole(blobs, digest)
  if (!bytes) throw new ManifestUnknown(digest)
  const mediaType = mediaTypeOf(bytes)
  return mediaType === undefined
    ? undefined
    : { descriptor: { mediaType, digest, size: bytes.length }, bytes }
}

async function beginsAsJson(blobs: BlobStore, digest: Digest): Promise<boolean> {
  const beginning = await buffer(await blobs.open(digest, { start: 0, end: 0 }))
  return beginning[0] === '{'.charCodeAt(0)
}

/** A manifest names its own media type. Other blobs are not JSON or name none. */
function mediaTypeOf(bytes: Buffer): string | undefined {
  if (bytes[0] !== '{'.charCodeAt(0)) return undefined
  return typed.safeParse(parseJson(bytes)).data?.mediaType
}

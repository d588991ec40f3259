import { BlobUnknown, ManifestUnknown } from '../errors.ts'
import type { ImageRequest } from '../image/name.ts'
import type { Digest } from '../oci/digest.ts'
import type { Asker } from './gate.ts'
import type { HttpParts } from './parts.ts'

/**
 * Makes sure that somebody may have a digest under a name: an image of that name refers to it, and they may
 * pull this image. Without rules, content is content.
 * @throws AccessDenied if they may not pull the name at all, whether the digest exists or not; BlobUnknown,
 * ManifestUnknown, StorageFailed
 */
export async function requireContent(
  images: Pick<HttpParts['images'], 'contentsWith'>,
  asker: Asker | undefined,
  image: ImageRequest,
  digest: Digest,
  what: 'manifest' | 'blob',
): Promise<void> {
  if (!asker) return
  asker.allow(image, undefined)
  const contents = await images.contentsWith(image, digest)
  if (contents.some((one) => asker.allows(image, one.tag, one))) return
  const [first] = contents
  if (first) asker.allow(image, first.tag, first)
  throw what === 'blob' ? new BlobUnknown(digest) : new ManifestUnknown(digest)
}

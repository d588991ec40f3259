import { encodeJson, type Descriptor, type Encoded } from './descriptor.ts'
import { mediaTypes } from './mediaTypes.ts'
import type { Platform } from './platform.ts'

/** A manifest, and the platform that it is for. */
interface PlatformManifest {
  readonly platform: Platform
  readonly descriptor: Descriptor
}

/**
 * OCI image-spec, image-index.md; Docker's manifest list is the same under another name.
 * @param mediaType of the index or the list
 */
export function encodeIndex(
  manifests: readonly PlatformManifest[],
  mediaType: string = mediaTypes.ociIndex,
): Encoded {
  return encodeJson(mediaType, {
    schemaVersion: 2,
    mediaType,
    manifests: manifests.map(({ platform: { architecture, os }, descriptor }) => ({
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      platform: { architecture, os },
    })),
  })
}

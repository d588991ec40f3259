import { encodeJson, type Descriptor, type Encoded } from './descriptor.ts'
import { mediaTypes } from './mediaTypes.ts'

/**
 * OCI image-spec, manifest.md: the members in the order of the specification. Docker's image manifest version
 * 2, schema 2, has the same members.
 * @param mediaType of the manifest
 */
export function encodeManifest(
  config: Descriptor,
  layers: readonly Descriptor[],
  mediaType: string = mediaTypes.ociManifest,
): Encoded {
  return encodeJson(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: pointer(config),
    layers: layers.map(pointer),
  })
}

/** The members of a descriptor in one order, whatever object it came in. */
function pointer({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}

import { encodeJson, type Descriptor, type Encoded } from './descriptor.ts'
import { mediaTypes } from './mediaTypes.ts'

/** OCI image-spec, manifest.md: the members in the order of the specification. */
export function encodeManifest(
  config: Descriptor,
  layers: readonly Descriptor[],
  annotations: Readonly<Record<string, string>> = {},
): Encoded {
  return encodeJson(mediaTypes.ociManifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: pointer(config),
    layers: layers.map(pointer),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  })
}

/** The members of a descriptor in one order, whatever object it came in. */
function pointer({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}

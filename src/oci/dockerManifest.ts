import type { Descriptor, Encoded } from './descriptor.ts'
import { encodeManifest } from './manifest.ts'
import { mediaTypes } from './mediaTypes.ts'

const layerTypes: Readonly<Record<string, string>> = {
  [mediaTypes.ociLayerGzip]: mediaTypes.dockerLayerGzip,
  [mediaTypes.ociLayerTar]: mediaTypes.dockerLayerTar,
}

/**
 * The same image as Docker's image manifest version 2, schema 2: other media types, the same blobs. @throws
 * TypeError for a layer whose media type Docker does not have
 */
export function encodeDockerManifest(config: Descriptor, layers: readonly Descriptor[]): Encoded {
  return encodeManifest(
    { ...config, mediaType: mediaTypes.dockerConfig },
    layers.map((layer) => {
      const mediaType = layerTypes[layer.mediaType]
      if (mediaType === undefined) throw new TypeError(`Docker has no layers of ${layer.mediaType}`)
      return { ...layer, mediaType }
    }),
    mediaTypes.dockerManifest,
  )
}

import { constants, zstdCompressSync } from 'node:zlib'
import { mediaTypes } from '../oci/mediaTypes.ts'
import { gzipCodec, gzipMember } from './gzip.ts'

/** How the tar of a layer becomes a blob: member by member, each of which stands for itself. */
export interface Codec {
  /** Of the blobs that it makes. */
  readonly mediaType: string
  /** All that the bytes depend on beside the content: name, level, the compressor's version, size of the members. */
  readonly identity: string
  /** A member of the blob, in a buffer of its own. */
  encode(member: Uint8Array): Uint8Array<ArrayBuffer>
}

const zstdLevel = 3

/** Every codec by the name that it has in the configuration. */
export const codecs = {
  gzip: { mediaType: mediaTypes.ociLayerGzip, identity: gzipCodec, encode: gzipMember },
  zstd: {
    mediaType: mediaTypes.ociLayerZstd,
    identity: `zstd-${zstdLevel}-zstd${process.versions.zstd}-members4MiB`,
    encode: (member) =>
      Uint8Array.from(
        zstdCompressSync(member, { params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } }),
      ),
  },
  none: { mediaType: mediaTypes.ociLayerTar, identity: 'none', encode: (member) => Uint8Array.from(member) },
} satisfies Readonly<Record<string, Codec>>

export type CodecName = keyof typeof codecs

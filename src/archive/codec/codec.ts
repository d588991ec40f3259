import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { mediaTypes } from '../../oci/mediaTypes.ts'
import { createGzipEncoder, defaultGzipLevel, gunzipMember, gzipVersion, type GzipEncoder } from './gzip.ts'

/** How the tar of a layer becomes a blob: member by member, each of which stands for itself. */
export interface Codec {
  /** Of the blobs that it makes. */
  readonly mediaType: string
  /** All that the bytes of a member depend on beside the content: name, level, the compressor's version. */
  readonly identity: string
  /** Whether it is worth while to keep what it made: else layers are made of the store alone. */
  readonly isCostly: boolean
  /** A member of the blob. It is good until the next one is asked for. */
  encode(member: Uint8Array): Uint8Array
  /**
   * What one member was made of, good until the next is asked for. @throws when it is damaged or too long for
   * a member
   */
  decode(member: Uint8Array): Uint8Array
}

/**
 * Uncompressed bytes in a member, but for the last of a row. From 1 MiB on they cost nothing; they bound the
 * memory of a thread.
 */
export const memberSize = 4 * 1024 * 1024

export type CodecName = 'gzip' | 'zstd' | 'none'

export interface CodecChoice {
  readonly name: CodecName
  /** In the compressor's own counting; without it, the one that fits most. */
  readonly level?: number | undefined
}

export function createCodec({ name, level }: CodecChoice): Codec {
  switch (name) {
    case 'gzip':
      return gzip(level)
    case 'zstd':
      return zstd(level)
    case 'none':
      return none
  }
}

function gzip(level = defaultGzipLevel): Codec {
  let encoder: GzipEncoder | undefined
  return {
    mediaType: mediaTypes.ociLayerGzip,
    identity: `gzip-${level}-libdeflate${gzipVersion}`,
    isCostly: true,
    encode: (member) => (encoder ??= createGzipEncoder(level))(member),
    decode: replacing((member) => gunzipMember(member, memberSize)),
  }
}

/**
 * What does not compress grows by some bytes: with room for them the compressor makes one buffer, which is
 * the answer.
 */
const growth = 64 * 1024

function zstd(level = 3): Codec {
  const params = { [constants.ZSTD_c_compressionLevel]: level }
  return {
    mediaType: mediaTypes.ociLayerZstd,
    identity: `zstd-${level}-zstd${process.versions.zstd}`,
    isCostly: true,
    encode: replacing((member) => zstdCompressSync(member, { params, chunkSize: member.length + growth })),
    decode: replacing((member) =>
      zstdDecompressSync(member, { maxOutputLength: memberSize, chunkSize: memberSize }),
    ),
  }
}

const none: Codec = {
  mediaType: mediaTypes.ociLayerTar,
  identity: 'none',
  isCostly: false,
  encode: (member) => member,
  decode: (member) => member,
}

/** Buffers below this size may be pieces of one that others use too. */
const pooled = 64 * 1024

/**
 * Gives the memory of the last result back at once: the garbage collector lets some 64 MB of them gather in a
 * thread.
 */
function replacing(make: (bytes: Uint8Array) => Buffer<ArrayBuffer>): (bytes: Uint8Array) => Uint8Array {
  let last: ArrayBuffer | undefined
  return (bytes) => {
    last?.transfer(0)
    const result = make(bytes)
    last = result.buffer.byteLength > pooled ? result.buffer : undefined
    return result
  }
}

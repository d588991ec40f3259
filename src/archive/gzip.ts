import { gzipSync } from 'node:zlib'

/** Uncompressed bytes in a gzip member. From 1 MiB on, members cost nothing; they bound the memory of a thread. */
const memberSize = 4 * 1024 * 1024
const level = 6

/** All that the compressed bytes depend on beside the content. */
export const gzipCodec = `gzip-${level}-zlib${process.versions.zlib}-members4MiB`

/** The same bytes in pieces of one size; only the last may be shorter. A piece is good until the next one is asked for. */
export function* members(chunks: Iterable<Uint8Array>, size: number = memberSize): Generator<Buffer> {
  const member = Buffer.allocUnsafe(size)
  let filled = 0
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + size - filled)
      member.set(part, filled)
      from += part.length
      filled += part.length
      if (filled < size) continue
      yield member
      filled = 0
    }
  }
  if (filled > 0) yield member.subarray(0, filled)
}

/** What does not compress grows by some bytes: with room for them zlib makes one buffer, which is the answer. */
const outputSize = memberSize + 64 * 1024
/** Where RFC 1952 has the operating system, and its value for "unknown". */
const systemOffset = 9
const unknownSystem = 255

/** One gzip member (RFC 1952) without name and time, equal on every system. Members in a row are one gzip file. */
export function gzipMember(bytes: Uint8Array): Buffer<ArrayBuffer> {
  const member = gzipSync(bytes, { level, chunkSize: outputSize })
  member[systemOffset] = unknownSystem
  return member
}

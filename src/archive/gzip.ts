import { gunzipSync, gzipSync } from 'node:zlib'

/** What does not compress grows by some bytes: with room for them zlib makes one buffer, which is the answer. */
const growth = 64 * 1024
/** Where RFC 1952 has the operating system, and its value for "unknown". */
const systemOffset = 9
const unknownSystem = 255

/** One gzip member (RFC 1952) without name and time, equal on every system. Members in a row are one gzip file. */
export function gzipMember(bytes: Uint8Array, level: number): Buffer<ArrayBuffer> {
  const member = gzipSync(bytes, { level, chunkSize: bytes.length + growth })
  member[systemOffset] = unknownSystem
  return member
}

/** What a member was made of. @throws when it is damaged, or longer than `limit` bytes */
export function gunzipMember(member: Uint8Array, limit: number): Buffer<ArrayBuffer> {
  return gunzipSync(member, { maxOutputLength: limit, chunkSize: limit })
}

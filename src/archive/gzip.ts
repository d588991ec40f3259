import { readFileSync } from 'node:fs'
import { crc32, gunzipSync } from 'node:zlib'
import { deflate } from 'libdeflate'
import { z } from 'zod'

/** The size of Go’s gzip 6 within a hundredth, for some 0.6 of the CPU time of zlib 6 (docs/benchmarks.md). */
export const defaultGzipLevel = 2

const manifest = new URL('package.json', import.meta.resolve('libdeflate'))

/** Of the compressor: its bytes are the same on every machine, and may be others in another version. */
export const gzipVersion = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(manifest, 'utf8'))).version

/** RFC 1952, 2.3: magic, deflate, no flags, no time, no extra flags, system unknown. */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)
/** CRC and length of what was compressed, 4 bytes each. */
const trailerSize = 8

/** One gzip member without name and time, equal on every system. Members in a row are one gzip file. */
export function gzipMember(bytes: Uint8Array, level: number): Buffer<ArrayBuffer> {
  const body = withoutHandlers(() => deflate(bytes, level))
  const member = Buffer.from(new ArrayBuffer(header.length + body.length + trailerSize))
  member.set(header)
  member.set(body, header.length)
  member.writeUInt32LE(crc32(bytes), member.length - trailerSize)
  member.writeUInt32LE(bytes.length, member.length - trailerSize / 2)
  // It is a copy of our own; left to the garbage collector, 64 MB of them gather in a thread.
  if (body.buffer instanceof ArrayBuffer) body.buffer.transfer(0)
  return member
}

/** What a member was made of. @throws when it is damaged, or longer than `limit` bytes */
export function gunzipMember(member: Uint8Array, limit: number): Buffer<ArrayBuffer> {
  return gunzipSync(member, { maxOutputLength: limit, chunkSize: limit })
}

const events = ['uncaughtException', 'unhandledRejection'] as const
let started = false

/** The compressor puts handlers of its own on the whole process when it is first called; faults are the server's. */
function withoutHandlers<T>(call: () => T): T {
  if (started) return call()
  started = true
  const before = new Map(events.map((event) => [event, new Set(process.rawListeners(event))]))
  try {
    return call()
  } finally {
    for (const event of events) {
      const own = process.listeners(event).filter((listener) => !before.get(event)?.has(listener))
      for (const listener of own) process.removeListener(event, listener)
    }
  }
}

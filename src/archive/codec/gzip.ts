import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { deflate } from 'libdeflate'
import { crc32, systemDeflater } from './systemLibdeflate.ts'

/**
 * The size of Go’s gzip 6 within a hundredth, for less than half of the CPU time of zlib 6
 * (docs/benchmarks.md).
 */
export const defaultGzipLevel = 2

/** Of the compressor: its bytes are the same on every machine, and may be others in another version. */
export const gzipVersion = versionOf('libdeflate')

/** RFC 1952, 2.3: magic, deflate, no flags, no time, no extra flags, system unknown. */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)
/** CRC and length of what was compressed, 4 bytes each. */
const trailerSize = 8

/**
 * Makes one gzip member without name and time, equal on every system. It is good until the next. Members in a
 * row are one gzip file.
 */
export type GzipEncoder = (bytes: Uint8Array) => Uint8Array

/** By the libdeflate of this system, where it makes the same bytes as the one in WASM, else by that. */
export function createGzipEncoder(level: number): GzipEncoder {
  return systemGzipEncoder(level) ?? wasmGzipEncoder(level)
}

/**
 * Undefined where this system has no libdeflate that makes the same bytes.
 * @internal Tests compare it with the other encoder.
 */
export function systemGzipEncoder(level: number): GzipEncoder | undefined {
  const deflater = systemDeflater(level)
  if (deflater === undefined) return undefined
  let target = Buffer.alloc(0)
  return (bytes) => {
    const room = header.length + deflater.worstCase(bytes.length) + trailerSize
    if (target.length < room) target = Buffer.allocUnsafeSlow(room)
    const end = header.length + deflater.deflate(bytes, target.subarray(header.length))
    return framed(target.subarray(0, end + trailerSize), bytes)
  }
}

/** @internal Tests compare it with the other encoder. */
export function wasmGzipEncoder(level: number): GzipEncoder {
  let last: ArrayBuffer | undefined
  return (bytes) => {
    const body = withoutHandlers(() => deflate(bytes, level))
    const member = Buffer.from(new ArrayBuffer(header.length + body.length + trailerSize))
    member.set(body, header.length)
    // Copies of our own: left to the garbage collector, 64 MB of them gather in a thread.
    if (body.buffer instanceof ArrayBuffer) body.buffer.transfer(0)
    last?.transfer(0)
    last = member.buffer
    return framed(member, bytes)
  }
}

/** Puts header and trailer around what is compressed. */
function framed(member: Buffer, bytes: Uint8Array): Buffer {
  member.set(header)
  member.writeUInt32LE(crc32(bytes), member.length - trailerSize)
  member.writeUInt32LE(bytes.length, member.length - trailerSize / 2)
  return member
}

/** What a member was made of. @throws when it is damaged, or longer than `limit` bytes */
export function gunzipMember(member: Uint8Array, limit: number): Buffer<ArrayBuffer> {
  return gunzipSync(member, { maxOutputLength: limit, chunkSize: limit })
}

/** Without a schema: its library would be half of what a thread takes to start. */
function versionOf(name: string): string {
  const manifest = new URL('package.json', import.meta.resolve(name))
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version?: unknown }
  if (typeof version === 'string') return version
  throw new TypeError(`the package of ${name} has no version`)
}

const events = ['uncaughtException', 'unhandledRejection'] as const
let started = false

/**
 * The compressor puts handlers of its own on the whole process when it is first called; faults are the
 * server's.
 */
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

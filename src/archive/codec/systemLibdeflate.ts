import { createHash } from 'node:crypto'
import { crc32 as zlibCrc32 } from 'node:zlib'
import { deflateSample } from './deflateSample.ts'

/** The names of libdeflate 1.x, which has kept its interface since 2016. */
const names = ['libdeflate.so.0', 'libdeflate.0.dylib']

const definitions = {
  libdeflate_alloc_compressor: { arguments: ['i32'], return: 'pointer' },
  libdeflate_deflate_compress_bound: { arguments: ['pointer', 'u64'], return: 'u64' },
  libdeflate_deflate_compress: { arguments: ['pointer', 'buffer', 'u64', 'buffer', 'u64'], return: 'u64' },
  libdeflate_crc32: { arguments: ['u32', 'buffer', 'u64'], return: 'u32' },
} as const

/**
 * The beginning of the SHA-256 of what each level makes of the sample: releases whose bytes are others are
 * left alone.
 */
const answers: Readonly<Record<number, string>> = {
  1: 'eb61a91419cae534',
  2: '6371153679d2f87e',
  3: 'e2af4b9d51c9ee42',
  4: '6e4d27ed377c0fad',
  5: 'b3fb24f50d43903b',
  6: 'd9c9835c3a51527e',
  7: 'ff63d97264830219',
  8: 'b065d952c10cfb1b',
  9: 'b065d952c10cfb1b',
  10: 'ccbe909988cdc9cf',
  11: '0585a2b659d2300b',
  12: '60945cce26f98275',
}

/**
 * Compresses to raw deflate, at an offset of the target, which must have room for the worst case. Answers the
 * size (bytes).
 */
interface SystemDeflater {
  worstCase(size: number): number
  deflate(bytes: Uint8Array, target: Uint8Array): number
}

type Functions = NonNullable<ReturnType<typeof load>>

let found: { readonly functions: Functions | undefined } | undefined

/** Loaded when it is first needed: not by the main thread. */
function libdeflate(): Functions | undefined {
  return (found ??= { functions: load() }).functions
}

/** CRC-32 as in gzip, of the bytes that `before` is the sum of and these. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const functions = libdeflate()
  if (functions === undefined || bytes.length === 0) return zlibCrc32(bytes, before)
  return functions.libdeflate_crc32(before, bytes, BigInt(bytes.length))
}

/**
 * The libdeflate of this system, which is 1.6 times as fast as the one in WASM. Undefined where there is
 * none, where Node cannot call it, and where its release makes other bytes: whatever machine makes a layer,
 * its digest is the same.
 */
export function systemDeflater(level: number): SystemDeflater | undefined {
  const functions = libdeflate()
  const deflater = functions && deflaterOf(functions, level)
  if (deflater === undefined) return undefined
  const sample = deflateSample()
  const target = Buffer.allocUnsafe(deflater.worstCase(sample.length))
  const made = target.subarray(0, deflater.deflate(sample, target))
  const answer = createHash('sha256').update(made).digest('hex')
  return answer.startsWith(answers[level] ?? 'unknown') ? deflater : undefined
}

function deflaterOf(functions: Functions, level: number): SystemDeflater | undefined {
  // Never freed: a thread has one, and threads live as long as the process.
  const compressor = functions.libdeflate_alloc_compressor(level)
  if (compressor === 0n) return undefined
  return {
    worstCase: (size) => Number(functions.libdeflate_deflate_compress_bound(compressor, BigInt(size))),
    deflate(bytes, target) {
      const [size, room] = [BigInt(bytes.length), BigInt(target.length)]
      const made = functions.libdeflate_deflate_compress(compressor, bytes, size, target, room)
      if (made === 0n) throw new RangeError('no room for the worst case')
      return Number(made)
    },
  }
}

/** Its functions, where this system has it. */
function load() {
  // In Node 26; it says that it is experimental, and threads are started without that warning.
  const ffi = process.getBuiltinModule('node:ffi')
  for (const name of names) {
    try {
      return ffi?.dlopen(name, definitions).functions
    } catch {
      // Then perhaps another.
    }
  }
  return undefined
}

/** Calls of the kernel that Node has no function for. Each answers -1 if the kernel refuses. */
export interface SystemCalls {
  readonly call: (number: number, ...args: readonly (number | bigint | Uint8Array)[]) => number
  /** prctl(2). */
  readonly control: (option: number, ...args: readonly (number | bigint)[]) => number
  /** Where a buffer lies. It must be kept as long as the kernel uses it. */
  readonly addressOf: (buffer: Uint8Array) => bigint
}

const definitions = {
  syscall: { arguments: ['i64', 'u64', 'u64', 'u64', 'u64'], return: 'i64' },
  prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], return: 'i32' },
} as const

/** Undefined if this Node cannot call foreign functions: it needs version 26. */
export function systemCalls(): SystemCalls | undefined {
  const ffi = process.getBuiltinModule('node:ffi')
  if (ffi === undefined || process.platform !== 'linux') return undefined
  const { syscall, prctl } = ffi.dlopen(null, definitions).functions
  const plain = (argument: number | bigint | Uint8Array | undefined): bigint => {
    if (argument instanceof Uint8Array) return ffi.getRawPointer(argument)
    return BigInt(argument ?? 0)
  }
  return {
    call: (number, a, b, c, d) => Number(syscall(BigInt(number), plain(a), plain(b), plain(c), plain(d))),
    control: (option, a, b, c, d) => prctl(option, plain(a), plain(b), plain(c), plain(d)),
    addressOf: (buffer) => ffi.getRawPointer(buffer),
  }
}

import type { SystemCalls } from './systemCalls.ts'

/** prctl(2). */
const SET_SECCOMP = 22
const MODE_FILTER = 2

/** Instructions of a filter (linux/filter.h, linux/seccomp.h), and offsets in what it looks at. */
const LOAD = 0x20
const IF_EQUAL = 0x15
const IF_AT_LEAST = 0x35
const ANSWER = 0x06
const NUMBER = 0
const ARCHITECTURE = 4
const ALLOW = 0x7fff0000
/** With the error EACCES. */
const REFUSE = 0x00050000 | 13

/** Numbers for the kernel: of the architecture (linux/audit.h) and of socket(2). */
const processors: Readonly<Record<string, { readonly architecture: number; readonly socket: number }>> = {
  x64: { architecture: 0xc000003e, socket: 41 },
  arm64: { architecture: 0xc00000b7, socket: 198 },
}
/** io_uring_setup(2), through which sockets can be made too. */
const IO_URING = 425
/** On x86 programs may use numbers above this for the same calls. */
const OTHER_NUMBERS = 0x40000000

/**
 * From now on this thread, and what it becomes and starts, cannot make sockets. It must have given up new
 * privileges.
 * @throws Error if the kernel refuses
 */
export function refuseSockets(calls: SystemCalls): void {
  const processor = processors[process.arch]
  if (!processor) throw new Error(`no filter is known for ${process.arch}`)
  const instructions = [
    [LOAD, 0, 0, ARCHITECTURE],
    [IF_EQUAL, 0, 5, processor.architecture],
    [LOAD, 0, 0, NUMBER],
    [IF_AT_LEAST, 3, 0, OTHER_NUMBERS],
    [IF_EQUAL, 2, 0, processor.socket],
    [IF_EQUAL, 1, 0, IO_URING],
    [ANSWER, 0, 0, ALLOW],
    [ANSWER, 0, 0, REFUSE],
  ] as const
  const filter = Buffer.alloc(8 * instructions.length)
  for (const [index, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    filter.writeUInt16LE(code, 8 * index)
    filter.writeUInt8(ifTrue, 8 * index + 2)
    filter.writeUInt8(ifFalse, 8 * index + 3)
    filter.writeUInt32LE(value, 8 * index + 4)
  }
  const program = Buffer.alloc(16)
  program.writeUInt16LE(instructions.length, 0)
  program.writeBigUInt64LE(calls.addressOf(filter), 8)
  if (calls.control(SET_SECCOMP, MODE_FILTER, calls.addressOf(program)) < 0) {
    throw new Error('the kernel refuses the filter')
  }
}

import { closeSync, constants, openSync, statSync } from 'node:fs'
import type { View } from './launch.ts'
import type { SystemCalls } from './systemCalls.ts'

/** landlock(7). The numbers are the same on all processors. */
const CREATE_RULESET = 444
const ADD_RULE = 445
const RESTRICT_SELF = 446
const VERSION_FLAG = 1
const PATH_BENEATH = 1

/** Rights to files, by bit (linux/landlock.h). */
const EXECUTE = 1n << 0n
const WRITE_FILE = 1n << 1n
const READ_FILE = 1n << 2n
const READ_DIR = 1n << 3n
const TRUNCATE = 1n << 14n
const IOCTL_DEV = 1n << 15n
/** Those that a file has, as opposed to a folder. */
const ofFiles = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
const read = EXECUTE | READ_FILE | READ_DIR

/** How many of the rights a version of Landlock knows: since the fifth there are 16. */
const rightsOf: readonly bigint[] = [0n, 13n, 14n, 15n, 15n, 16n]
/** Binding and connecting TCP sockets; since the fourth version. */
const tcp = 0b11n
/** Abstract Unix sockets and signals; since the sixth. */
const scopes = 0b11n

/** The version of Landlock that the kernel has; 0 if it has none, or none that this user may use. */
function landlockVersion({ call }: SystemCalls): number {
  return Math.max(0, call(CREATE_RULESET, 0, 0, VERSION_FLAG))
}

/**
 * From now on this thread, and what it becomes and starts, can open no other files than those. It must have
 * given up new privileges. @throws Error if the kernel refuses
 */
export function restrictFiles(view: View, calls: SystemCalls): void {
  const version = landlockVersion(calls)
  if (version === 0) throw new Error('the kernel has no Landlock')
  const all = (1n << (rightsOf[Math.min(version, 5)] ?? 0n)) - 1n
  const ruleset = Buffer.alloc(24)
  ruleset.writeBigUInt64LE(all, 0)
  ruleset.writeBigUInt64LE(version >= 4 ? tcp : 0n, 8)
  ruleset.writeBigUInt64LE(version >= 6 ? scopes : 0n, 16)
  const size = version >= 6 ? 24 : version >= 4 ? 16 : 8
  const descriptor = calls.call(CREATE_RULESET, ruleset, size, 0)
  if (descriptor < 0) throw new Error('Landlock refuses its rules')
  for (const path of view.readable) allow(descriptor, path, read & all, calls)
  for (const path of view.writable) allow(descriptor, path, all, calls)
  allow(descriptor, '/proc', READ_FILE | READ_DIR, calls)
  allow(descriptor, '/dev/null', READ_FILE | WRITE_FILE, calls)
  if (calls.call(RESTRICT_SELF, descriptor, 0) < 0) throw new Error('Landlock does not take its rules')
  closeSync(descriptor)
}

function allow(ruleset: number, path: string, rights: bigint, { call }: SystemCalls): void {
  const isFolder = statSync(path).isDirectory()
  const file = openSync(path, constants.O_RDONLY | O_PATH)
  try {
    const rule = Buffer.alloc(12)
    rule.writeBigUInt64LE(isFolder ? rights : rights & ofFiles, 0)
    rule.writeInt32LE(file, 8)
    if (call(ADD_RULE, ruleset, PATH_BENEATH, rule, 0) < 0) throw new Error(`Landlock does not take ${path}`)
  } finally {
    closeSync(file)
  }
}

/** A descriptor that only names a file; of all systems that Node runs on, Linux alone has it. */
const O_PATH = 0o10000000

import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { codeOf } from '../../work/errno.ts'

/**
 * The sha256 of a file in hex, or why the file cannot be read. An error object would lose its code between
 * threads.
 */
export type Hashed = { readonly hex: string } | { readonly code: string; readonly message: string }

/** Large enough that the cost of a read is its bytes, not the call. Used for all files. */
const buffer = Buffer.allocUnsafeSlow(1 << 20)

/** The program of a hashing thread: it receives paths and answers them one by one. */
parentPort?.on('message', (path: string) => parentPort?.postMessage(hashed(path), []))

function hashed(path: string): Hashed {
  try {
    return { hex: hashOf(path) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { code: codeOf(error), message: error.message }
  }
}

function hashOf(path: string): string {
  const hash = createHash('sha256')
  const file = openSync(path, 'r')
  try {
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, null)
      if (length === 0) return hash.digest('hex')
      hash.update(buffer.subarray(0, length))
    }
  } finally {
    closeSync(file)
  }
}

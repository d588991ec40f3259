import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { codeOf } from '../../work/errno.ts'

/** The sha256 of a file in hex, or why it cannot be read: an error loses its code on the way between threads. */
export type Hashed = { readonly hex: string } | { readonly code: string; readonly message: string }

/** Big enough that a read costs its bytes, not its call; one for all files. */
const buffer = Buffer.allocUnsafeSlow(1 << 20)

/** The program of a hashing thread: it is told paths, and answers one after the other. */
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

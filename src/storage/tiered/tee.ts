import { PassThrough, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { callbackify } from 'node:util'
import type { BlobStore, StoredBlob } from '../interfaces.ts'

/**
 * Stores what a writer writes, and a copy of it. If the copy fails, only the copy is lost.
 * @returns what was stored, and whether the copy exists too
 * @throws what the storage throws
 */
export async function putWithCopy(
  storage: Pick<BlobStore, 'put'>,
  copies: Pick<BlobStore, 'put'>,
  write: (sink: Writable) => Promise<void>,
): Promise<{ readonly stored: StoredBlob; readonly copied: boolean }> {
  const branch = new PassThrough()
  branch.on('error', () => undefined)
  const copying = copies
    .put((sink) => pipeline(branch, sink))
    .catch(() => {
      // Nobody reads the branch now. The writer must not wait for it.
      branch.resume()
      return undefined
    })
  try {
    const stored = await storage.put(async (sink) => {
      const tee = teeOf(sink, branch)
      await write(tee)
      await ended(tee)
    })
    const copy = await copying
    return { stored, copied: copy?.digest === stored.digest }
  } catch (error) {
    branch.destroy(new Error('the storage failed'))
    await copying
    throw error
  }
}

function teeOf(sink: Writable, branch: PassThrough): Writable {
  const writeBoth = async (chunk: Buffer) => {
    await Promise.all([writeTo(sink, chunk), offerTo(branch, chunk)])
  }
  const tee = new Writable({
    write: (chunk: Buffer, _encoding, done) => callbackify(() => writeBoth(chunk))(done),
    final(done) {
      branch.end()
      sink.end(done)
    },
  })
  sink.on('error', (error) => tee.destroy(error))
  tee.on('error', () => undefined)
  return tee
}

function writeTo(sink: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write(chunk, (error) => (error ? reject(error) : resolve()))
  })
}

/** Waits until there is room again, or the reader has gone. */
function offerTo(branch: PassThrough, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (branch.destroyed || branch.write(chunk)) return resolve()
    branch.once('drain', resolve)
    branch.once('close', resolve)
  })
}

/** Ends it if its writer has not, and waits until every byte is written. */
function ended(tee: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    if (tee.errored) return reject(tee.errored)
    if (tee.writableFinished) return resolve()
    tee.once('finish', resolve)
    tee.once('error', reject)
    if (!tee.writableEnded) tee.end()
  })
}

import { Readable } from 'node:stream'
import { StorageFailed } from '../../errors.ts'
import type { Bounds, Bucket } from './bucket.ts'

/** How often a download is resumed without receiving a byte in between. */
const patience = 3

/**
 * All bytes of an object: if the connection breaks, the rest is requested. Undefined if the object does not
 * exist. @throws StorageFailed, also from the stream
 */
export async function readToTheEnd(
  bucket: Bucket,
  key: string,
  bounds: Bounds,
): Promise<Readable | undefined> {
  if (bounds.end < bounds.start) return Readable.from([])
  const stream = await bucket.read(key, bounds)
  if (!stream) return undefined
  const download = { stream: guarded(stream) }
  const whole = Readable.from(rest(bucket, key, bounds, download), { objectMode: false })
  return whole.once('close', () => download.stream.destroy())
}

async function* rest(bucket: Bucket, key: string, { start, end }: Bounds, download: { stream: Readable }) {
  let next = start
  let cause: unknown
  for (let attempts = patience; attempts > 0; attempts -= 1) {
    try {
      for await (const chunk of bytesOf(download.stream)) {
        next += chunk.length
        attempts = patience
        yield chunk
      }
    } catch (error) {
      cause = error
    }
    if (next > end) break
    const stream = await bucket.read(key, { start: next, end })
    if (!stream) break
    download.stream = guarded(stream)
  }
  if (next === end + 1) return
  throw new StorageFailed(`the storage does not work: reading ${key} broke off at byte ${next}`, { cause })
}

/**
 * The stream may fail before anybody reads it; the reader gets the error then. Without a listener the process
 * would end.
 */
function guarded(stream: Readable): Readable {
  return stream.on('error', () => undefined)
}

/** The chunks of an object store's stream. */
function bytesOf(stream: Readable): AsyncIterable<Buffer> {
  return stream
}

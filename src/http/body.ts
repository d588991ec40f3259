import { Readable } from 'node:stream'
import type { BlobFile, ServedBlob } from '../images/servedBlob.ts'
import type { ContentRange } from './rangeHeader.ts'
import type { SendBuffers } from './sendBuffers.ts'

/** A part of a body: given bytes, or a range of a blob. */
export type BodyPiece = Buffer | ContentRange

/**
 * A body that the storage streams. Its ranges are opened one after the other.
 * @throws BlobUnknown, StorageFailed
 */
export async function streamOf(
  blob: Pick<ServedBlob, 'open'>,
  pieces: readonly BodyPiece[],
): Promise<Readable> {
  const [first] = pieces
  if (first && !Buffer.isBuffer(first) && pieces.length === 1) return blob.open(first)
  const body = async function* () {
    for (const piece of pieces) {
      if (Buffer.isBuffer(piece)) yield piece
      else yield* await blob.open(piece)
    }
  }
  return Readable.from(body(), { objectMode: false })
}

/**
 * Bytes of an answer's own buffer. It is used for the first chunk, and whenever the answer gets no large
 * buffer.
 */
const smallSize = 128 << 10
/**
 * Bytes. A system takes less for a client that never reads: 4 MB on the same machine, and less over a
 * network.
 */
const unread = 4.5e6
/** Bytes per millisecond. Slower clients get no large buffer, because they would keep it too long. */
const fast = 10_000

/**
 * A body that is read from a blob's file. A chunk is valid until the next one is read. The file is closed at
 * the end.
 * @throws StorageFailed
 */
export async function* chunksOf(
  file: BlobFile,
  pieces: readonly BodyPiece[],
  buffers: SendBuffers,
): AsyncGenerator<Buffer, void> {
  let small: Buffer | undefined
  let taken = 0
  let waited = 0
  try {
    for (const piece of pieces) {
      if (Buffer.isBuffer(piece)) {
        yield piece
        continue
      }
      for (let at = piece.start; at <= piece.end;) {
        const rest = piece.end + 1 - at
        const large = rest > smallSize && taken > waited * fast ? buffers.lend(taken > unread) : undefined
        try {
          const chunk = (large ?? (small ??= Buffer.allocUnsafeSlow(smallSize))).subarray(0, rest)
          await file.read(chunk, at)
          const asked = performance.now()
          yield chunk
          waited += performance.now() - asked
          taken += chunk.length
          at += chunk.length
        } finally {
          if (large) buffers.giveBack(large)
        }
      }
    }
  } finally {
    await file.close()
  }
}

import { Readable } from 'node:stream'
import type { BlobFile, BlobStore } from '../storage/interfaces.ts'
import type { Digest } from '../oci/digest.ts'
import type { ContentRange } from './rangeHeader.ts'
import type { SendBuffers } from './sendBuffers.ts'

/** A part of a body: given bytes, or a range of a blob. */
export type BodyPiece = Buffer | ContentRange

/** The body out of what the storage streams; one range is opened after the other. @throws BlobUnknown, StorageFailed */
export async function streamOf(
  blobs: Pick<BlobStore, 'open'>,
  digest: Digest,
  pieces: readonly BodyPiece[],
): Promise<Readable> {
  const [first] = pieces
  if (first && !Buffer.isBuffer(first) && pieces.length === 1) return blobs.open(digest, first)
  const body = async function* () {
    for (const piece of pieces) {
      if (Buffer.isBuffer(piece)) yield piece
      else yield* await blobs.open(digest, piece)
    }
  }
  return Readable.from(body(), { objectMode: false })
}

/** Bytes of the buffer of an answer's first chunk, and of all of them where it gets none of the large ones. */
const smallSize = 128 << 10
/** Bytes, more than what systems take for a client that never reads: 4 MB on the same machine, less by a network. */
const unread = 4.5e6
/** Bytes a millisecond that a client has to take all in all for a large buffer: others would keep it too long. */
const fast = 10_000

/**
 * The body out of a blob's file. The bytes of a chunk are others as soon as the next one is asked for. The file is
 * closed at the end. @throws StorageFailed
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

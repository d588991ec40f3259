import { randomUUID } from 'node:crypto'
import type { BodyPiece } from './body.ts'
import type { ContentRange } from './rangeHeader.ts'

/** A body with several ranges of the same content (RFC 9110, 14.6). */
interface MultipartRanges {
  readonly contentType: string
  /** Bytes of the whole body. */
  readonly length: number
  readonly pieces: readonly BodyPiece[]
}

export function multipartRanges(ranges: readonly ContentRange[], size: number): MultipartRanges {
  const boundary = randomUUID()
  const parts = ranges.map((one) => ({ one, head: Buffer.from(head(boundary, one, size)) }))
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const length = parts.reduce(
    (sum, part) => sum + part.head.length + part.one.end - part.one.start + 1,
    tail.length,
  )
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    length,
    pieces: [...parts.flatMap(({ head, one }) => [head, one]), tail],
  }
}

function head(boundary: string, { start, end }: ContentRange, size: number): string {
  const lines = [
    `--${boundary}`,
    'content-type: application/octet-stream',
    `content-range: bytes ${start}-${end}/${size}`,
  ]
  return `\r\n${lines.join('\r\n')}\r\n\r\n`
}

import { randomUUID } from 'node:crypto'
import type { Piece } from './body.ts'
import type { Bounds } from './range.ts'

/** Several ranges as one body (RFC 9110, 14.6). */
export interface MultipartRanges {
  readonly contentType: string
  /** Bytes of the whole body. */
  readonly length: number
  readonly pieces: readonly Piece[]
}

export function multipartRanges(bounds: readonly Bounds[], size: number): MultipartRanges {
  const boundary = randomUUID()
  const parts = bounds.map((one) => ({ one, head: Buffer.from(head(boundary, one, size)) }))
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

function head(boundary: string, { start, end }: Bounds, size: number): string {
  const lines = [
    `--${boundary}`,
    'content-type: application/octet-stream',
    `content-range: bytes ${start}-${end}/${size}`,
  ]
  return `\r\n${lines.join('\r\n')}\r\n\r\n`
}

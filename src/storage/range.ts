import type { ByteRange } from './interfaces.ts'

/**
 * First and last byte of a range inside content of `size` bytes. @throws RangeError if the range is outside
 */
export function boundsOf(range: ByteRange | undefined, size: number): { start: number; end: number } {
  const start = range?.start ?? 0
  const end = Math.min(range?.end ?? size - 1, size - 1)
  if (range && (start < 0 || start > end))
    throw new RangeError(`bytes ${start}-${range.end ?? ''} of ${size}`)
  return { start, end }
}

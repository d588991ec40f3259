/** First and last byte, both included. */
export interface Bounds {
  readonly start: number
  readonly end: number
}

/** Not to be satisfied: the content has no such byte (RFC 9110, 15.5.17). */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly bounds: Bounds }
  | { readonly kind: 'outside' }

const pattern = /^bytes=(\d*)-(\d*)$/

/**
 * What of a content of `size` bytes a `Range` header asks for (RFC 9110, 14.2). Several ranges at once, other units
 * and malformed headers are answered with the whole, as the standard allows.
 */
export function parseRange(header: string | undefined, size: number): RangeAnswer {
  const match = header === undefined ? null : pattern.exec(header.replaceAll(/\s/g, ''))
  const [, first = '', last = ''] = match ?? []
  if (first === '' && last === '') return { kind: 'whole' }
  if (first === '') {
    const suffix = Number(last)
    if (suffix === 0 || size === 0) return { kind: 'outside' }
    return { kind: 'part', bounds: { start: Math.max(0, size - suffix), end: size - 1 } }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return { kind: 'whole' }
  return start >= size ? { kind: 'outside' } : { kind: 'part', bounds: { start, end } }
}

/** First and last byte, both included. */
export interface Bounds {
  readonly start: number
  readonly end: number
}

/** `outside`: the content has none of the bytes (RFC 9110, 15.5.17). */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly bounds: Bounds }
  | { readonly kind: 'parts'; readonly bounds: readonly Bounds[] }
  | { readonly kind: 'outside' }

/** More ranges than any client needs are an attack on the server (RFC 9110, 17.15): they get the whole. */
const mostRanges = 32

const pattern = /^(\d*)-(\d*)$/

/**
 * What of a content of `size` bytes a `Range` header asks for (RFC 9110, 14.2). Other units and malformed headers are
 * answered with the whole, as the standard allows; so are several ranges that overlap. A range that ends before it
 * begins has no bytes.
 */
export function parseRange(header: string | undefined, size: number): RangeAnswer {
  const [unit, set, ...more] = (header ?? '').replaceAll(/\s/g, '').split('=')
  // Empty elements of a list do not count (RFC 9110, 5.6.1.2).
  const specs = (set ?? '').split(',').filter((spec) => spec !== '')
  if (unit?.toLowerCase() !== 'bytes' || more.length > 0) return { kind: 'whole' }
  if (specs.length === 0 || specs.length > mostRanges) return { kind: 'whole' }
  const bounds: Bounds[] = []
  for (const spec of specs) {
    const one = parseSpec(spec, size)
    if (one === 'malformed') return { kind: 'whole' }
    if (one !== 'outside') bounds.push(one)
  }
  const [first, ...others] = bounds
  if (!first) return { kind: 'outside' }
  if (others.length === 0) return { kind: 'part', bounds: first }
  return overlap(bounds) ? { kind: 'whole' } : { kind: 'parts', bounds }
}

function parseSpec(spec: string, size: number): Bounds | 'malformed' | 'outside' {
  const [, first, last] = pattern.exec(spec) ?? []
  if (first === undefined || last === undefined || first + last === '') return 'malformed'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'outside' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  if (start >= size || (last !== '' && Number(last) < start)) return 'outside'
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

function overlap(bounds: readonly Bounds[]): boolean {
  const sorted = bounds.toSorted((a, b) => a.start - b.start)
  return sorted.some(({ start }, index) => start <= (sorted[index - 1]?.end ?? -1))
}

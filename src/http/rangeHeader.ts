/** First and last byte of a part of some content, both included. */
export interface ContentRange {
  readonly start: number
  readonly end: number
}

/** What to answer. `outside`: the content has none of the requested bytes (RFC 9110, 15.5.17). */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly range: ContentRange }
  | { readonly kind: 'parts'; readonly ranges: readonly ContentRange[] }
  | { readonly kind: 'outside' }

/**
 * No client needs more ranges. A request with more is an attack (RFC 9110, 17.15) and gets the whole content.
 */
const mostRanges = 32

const pattern = /^(\d*)-(\d*)$/

/**
 * Which bytes of a content of `size` bytes a `Range` header asks for (RFC 9110, 14.2). Other units, malformed
 * headers and overlapping ranges get the whole content, as the standard allows. A range that ends before it
 * begins has no bytes.
 */
export function parseRangeHeader(header: string | undefined, size: number): RangeAnswer {
  const [unit, set, ...more] = (header ?? '').replaceAll(/\s/g, '').split('=')
  // Empty elements of a list are ignored (RFC 9110, 5.6.1.2).
  const specs = (set ?? '').split(',').filter((spec) => spec !== '')
  if (unit?.toLowerCase() !== 'bytes' || more.length > 0) return { kind: 'whole' }
  if (specs.length === 0 || specs.length > mostRanges) return { kind: 'whole' }
  const ranges: ContentRange[] = []
  for (const spec of specs) {
    const one = parseSpec(spec, size)
    if (one === 'malformed') return { kind: 'whole' }
    if (one !== 'outside') ranges.push(one)
  }
  const [first, ...others] = ranges
  if (!first) return { kind: 'outside' }
  if (others.length === 0) return { kind: 'part', range: first }
  return overlap(ranges) ? { kind: 'whole' } : { kind: 'parts', ranges }
}

function parseSpec(spec: string, size: number): ContentRange | 'malformed' | 'outside' {
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

function overlap(ranges: readonly ContentRange[]): boolean {
  const sorted = ranges.toSorted((a, b) => a.start - b.start)
  return sorted.some(({ start }, index) => start <= (sorted[index - 1]?.end ?? -1))
}

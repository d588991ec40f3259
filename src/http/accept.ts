const parameter = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i

/**
 * The offer that a client wants most (RFC 9110, 12.5.1). A more precise range wins over a wider one. Among
 * equally wanted offers, the first wins. The first is also chosen if there is no header or if the client
 * wants none of the offers, because most clients understand more than they announce.
 * @param header `Accept`. Several lines are joined by commas.
 * @param offers media types, the server's favourite first
 */
export function chooseMediaType<T extends string>(
  header: string | undefined,
  offers: readonly [T, ...T[]],
): T {
  const ranges = qualities(header)
  let best = offers[0]
  let bestQuality = 0
  for (const offer of offers) {
    const wanted = qualityOf(offer, ranges)
    if (wanted > bestQuality) {
      best = offer
      bestQuality = wanted
    }
  }
  return best
}

function qualityOf(mediaType: string, ranges: ReadonlyMap<string, number>): number {
  const [type = ''] = mediaType.split('/')
  return ranges.get(mediaType) ?? ranges.get(`${type}/*`) ?? ranges.get('*/*') ?? 0
}

/**
 * The items of a weighted list such as `Accept` (RFC 9110, 12.4.2), and how much each is wanted, from 0 to 1.
 */
export function qualities(header: string | undefined): ReadonlyMap<string, number> {
  const ranges = new Map<string, number>()
  for (const item of (header ?? '').split(',')) {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    if (range === '') continue
    const [, q = '1'] = parameters.map((text) => parameter.exec(text)).find((match) => match !== null) ?? []
    // If a range is named twice, the higher weight counts.
    ranges.set(range, Math.max(ranges.get(range) ?? 0, Number(q)))
  }
  return ranges
}

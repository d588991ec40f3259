import { qualities } from './accept.ts'

/**
 * The coding that a client wants most (RFC 9110, 12.5.3). Undefined if it wants the content unencoded. A `*`
 * alone does not select a coding: a client that wants one names it.
 * @param header `Accept-Encoding`
 * @param offers codings, the server's favourite first
 */
export function chooseCoding(header: string | undefined, offers: readonly string[]): string | undefined {
  const wanted = qualities(header)
  const identity = wanted.get('identity') ?? 0
  let best: string | undefined
  let bestQuality = identity
  for (const offer of offers) {
    const quality = wanted.get(offer) ?? 0
    if (quality > bestQuality) {
      best = offer
      bestQuality = quality
    }
  }
  return best
}

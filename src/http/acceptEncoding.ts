import { qualities } from './accept.ts'

/**
 * The coding that a client wants most (RFC 9110, 12.5.3), undefined where it wants the content as it is. Nothing is
 * encoded for `*` alone: who means a coding names it.
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

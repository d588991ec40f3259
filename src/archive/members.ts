/**
 * The same bytes in pieces of one size, which is that of the buffer they are gathered in; only the last may
 * be shorter. A piece is good until the next one is asked for.
 */
export function* members(chunks: Iterable<Uint8Array>, buffer: Buffer): Generator<Buffer> {
  let filled = 0
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + buffer.length - filled)
      buffer.set(part, filled)
      from += part.length
      filled += part.length
      if (filled < buffer.length) continue
      yield buffer
      filled = 0
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled)
}

import type { Answer } from '../support/wire.ts'

export interface BodyPart {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Takes a `multipart/byteranges` answer apart (RFC 9110, 14.6; RFC 2046, 5.1). @throws when it is none */
export function parseByteranges({ headers, body }: Answer): readonly BodyPart[] {
  const boundary = /^multipart\/byteranges; boundary="?([^"]{1,70})"?$/.exec(
    headers['content-type'] ?? '',
  )?.[1]
  if (boundary === undefined) throw new Error(`typed ${headers['content-type']}`)
  // One character a byte, so that positions in the text are positions in the body.
  const text = body.toString('latin1')
  const delimiter = `\r\n--${boundary}`
  const [preamble, ...rest] = `\r\n${text}`.split(delimiter)
  const epilogue = rest.pop()
  if (preamble?.trim() !== '' || epilogue?.trimEnd() !== '--') throw new Error('no beginning, or no end')
  return rest.map((section) => {
    const end = section.indexOf('\r\n\r\n')
    if (!section.startsWith('\r\n') || end < 0) throw new Error('a part without headers')
    return {
      headers: Object.fromEntries(section.slice(2, end).split('\r\n').map(parseHeader)),
      body: Buffer.from(section.slice(end + 4), 'latin1'),
    }
  })
}

function parseHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

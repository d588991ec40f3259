import assert from 'node:assert/strict'

export interface RawAnswer {
  readonly status: number
  /** Names in lower case, in which no name comes twice. */
  readonly headers: Readonly<Record<string, string>>
  /** One character a byte. */
  readonly body: string
}

/**
 * All answers of a connection, none of them to HEAD, held to the grammar of RFC 9112: status line, header
 * lines, and a body of the length that was said, or in chunks.
 */
export function splitAnswers(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = []
  for (let rest = text; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n')
    assert.ok(end >= 0, `no end of headers in ${JSON.stringify(rest.slice(0, 200))}`)
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n')
    const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d) [ -~]*$/.exec(statusLine)?.[1])
    assert.ok(!Number.isNaN(status), `a status line like ${JSON.stringify(statusLine)}`)
    const headers = Object.fromEntries(lines.map(parseLine))
    const { body, length } = bodyOf(status, headers, rest.slice(end + 4))
    // Answers on the way, such as 100, are no answers yet.
    if (status >= 200) answers.push({ status, headers, body })
    rest = rest.slice(end + 4 + length)
  }
  return answers
}

function parseLine(line: string): readonly [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+): ?([\t -~\u0080-\u00ff]*)$/.exec(line) ?? []
  assert.ok(name !== undefined && value !== undefined, `a header line like ${JSON.stringify(line)}`)
  return [name.toLowerCase(), value]
}

function bodyOf(status: number, headers: Readonly<Record<string, string>>, rest: string) {
  if (status === 304 || status === 204 || status < 200) return { body: '', length: 0 }
  if (headers['transfer-encoding'] === 'chunked') return unchunk(rest)
  const length = headers['content-length']
  // Without a length the body ends with the connection.
  if (length === undefined) return { body: rest, length: rest.length }
  assert.match(length, /^\d+$/)
  assert.ok(rest.length >= Number(length), `a body of ${rest.length} bytes where ${length} were said`)
  return { body: rest.slice(0, Number(length)), length: Number(length) }
}

function unchunk(text: string) {
  let body = ''
  for (let at = 0; ;) {
    const size = /^([\da-f]+)\r\n/i.exec(text.slice(at, at + 20))
    assert.ok(size, 'a chunk without a size')
    const start = at + size[0].length
    const end = start + Number.parseInt(size[1] ?? '', 16)
    assert.equal(text.slice(end, end + 2), '\r\n', 'a chunk without an end')
    if (end === start) return { body, length: end + 2 }
    body += text.slice(start, end)
    at = end + 2
  }
}

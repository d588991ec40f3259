import assert from 'node:assert/strict'
import { ask, errorOf, type Answer, type Question } from '../support/wire.ts'

/** A question and what the answer must be like. */
export interface Exchange extends Question {
  readonly status: number
  /** Headers of the answer; undefined: it has none of that name. */
  readonly gets?: Readonly<Record<string, string | RegExp | undefined>>
  readonly body?: Buffer | string
  /** The code of the error that the answer carries, and words that its message has. */
  readonly code?: string
  readonly says?: RegExp
}

/** Content that no coding is put on, whatever codings the client takes. */
export function asItIs(path: string, body: Buffer, codings: string): Exchange {
  return {
    path,
    headers: ['accept-encoding', codings],
    status: 200,
    gets: { 'content-encoding': undefined, 'content-length': `${body.length}` },
    body,
  }
}

/** Headers that belong to the connection, not to the content. */
const ofTheConnection = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding'])

/**
 * Asks, and holds the answer to what is expected, and to what is true of every answer under `/v2/`. What GET
 * is answered with, HEAD is too, less the body; ranges are GET's alone (RFC 9110, 14.2).
 */
export async function check(address: string, exchange: Exchange): Promise<Answer> {
  const answer = await ask(address, exchange)
  assert.equal(answer.status, exchange.status, answer.body.toString('utf8', 0, 500))
  const isHead = exchange.method === 'HEAD'
  assertWellFormed(answer, isHead)
  for (const [name, expected] of Object.entries(exchange.gets ?? {})) {
    const value = answer.headers[name]
    if (expected instanceof RegExp) assert.match(value ?? '(none)', expected, name)
    else assert.equal(value, expected, name)
  }
  if (exchange.body !== undefined)
    assert.ok(answer.body.equals(Buffer.from(exchange.body)), 'the body differs')
  if (!isHead && answer.status >= 400) assertError(answer, exchange)
  const isGet = (exchange.method ?? 'GET') === 'GET'
  const hasRange = exchange.headers?.some((text) => text.toLowerCase() === 'range') === true
  if (isGet && !hasRange) await checkHead(address, exchange, answer)
  return answer
}

function assertWellFormed({ status, headers, body }: Answer, isHead: boolean): void {
  assert.equal(headers['docker-distribution-api-version'], 'registry/2.0')
  assert.match(
    headers['cache-control'] ?? '(none)',
    status >= 400 ? /^no-store$/ : /^(no-cache|public, .*immutable)$/,
  )
  if (isHead || status === 304) assert.equal(body.length, 0, 'a body where none may be')
  else if (headers['transfer-encoding'] === undefined)
    assert.equal(headers['content-length'], `${body.length}`)
}

function assertError(answer: Answer, { code, says }: Exchange): void {
  const error = errorOf(answer)
  if (code !== undefined) assert.equal(error.code, code)
  if (says !== undefined) assert.match(error.message, says)
}

async function checkHead(address: string, exchange: Exchange, answer: Answer): Promise<void> {
  const head = await ask(address, { ...exchange, method: 'HEAD' })
  assert.equal(head.body.length, 0)
  assert.deepEqual(
    [head.status, ofContent(head)],
    [answer.status, ofContent(answer)],
    'HEAD differs from GET',
  )
}

function ofContent({ headers }: Answer): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofTheConnection.has(name)))
}

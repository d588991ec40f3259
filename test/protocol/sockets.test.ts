import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { storeBlob } from '../support/storedBlob.ts'
import { errorsSchema, sendRaw } from '../support/wire.ts'
import { splitAnswers } from './rawAnswer.ts'
import { startKnown, type Known } from './known.ts'

let known: Known
before(async () => {
  known = await startKnown()
})
after(() => known.stop())

const get = (path: string, ...headers: readonly string[]) =>
  [`GET ${path} HTTP/1.1`, 'host: registry', ...headers, '', ''].join('\r\n')
const last = (path: string) => get(path, 'connection: close')

async function statuses(...requests: readonly string[]): Promise<readonly number[]> {
  return splitAnswers(await sendRaw(known.address, requests.join(''))).map(({ status }) => status)
}

describe('on one connection', () => {
  it('requests that come at once are answered in their order', async () => {
    const digests = [known.manifest, known.config, known.layer].map(({ digest }) => digest)
    const requests = digests.map((digest) => get(`/v2/hello/blobs/${digest}`))
    const answers = splitAnswers(await sendRaw(known.address, [...requests, last('/v2/')].join('')))
    assert.deepEqual(
      answers.map(({ headers }) => headers['docker-content-digest']),
      [...digests, undefined],
    )
  })

  it('a refused write with a body is followed by the next request', async () => {
    const body = 'x'.repeat(100_000)
    const push = `POST /v2/hello/blobs/uploads/ HTTP/1.1\r\nhost: registry\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    assert.deepEqual(await statuses(push, push, last('/v2/')), [405, 405, 200])
  })

  it('so is a GET with a body, which means nothing', async () => {
    assert.deepEqual(await statuses(get('/v2/', 'content-length: 4'), 'GET ', last('/v2/')), [200, 200])
  })

  it('what is no request ends it, and is answered where nothing else is owed before', async () => {
    const garbage = '\u0000\u0001 garbage\r\n\r\n'
    assert.deepEqual(await statuses(get('/v2/'), garbage, get('/v2/')), [])
    const { hostname, port } = new URL(known.address)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.write(get('/v2/'))
    await new Promise((resolve) => socket.once('readable', resolve))
    socket.write(garbage + get('/v2/'))
    const answers = splitAnswers(await text(socket))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 400],
    )
  })

  it('HEAD has no body, so the next answer follows its headers', async () => {
    const head = get('/v2/hello/manifests/latest').replace('GET', 'HEAD')
    const text = await sendRaw(known.address, head + last('/v2/'))
    const [, second] = text.split('\r\n\r\n')
    assert.match(text, /^HTTP\/1\.1 200 /)
    assert.match(second ?? '', /^HTTP\/1\.1 200 /)
  })
})

describe('a request', () => {
  const cases: readonly (readonly [sentence: string, bytes: string, status: number])[] = [
    ['of bytes that are no HTTP is refused', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001', 400],
    ['of no known method is refused', 'FROBNICATE /v2/ HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['without a host is refused', 'GET /v2/ HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['of another version of HTTP is refused', 'GET /v2/ HTTP/7.3\r\nhost: x\r\n\r\n', 400],
    ['with a space in its path is refused', last('/v2/a b/manifests/latest'), 400],
    ['with two lengths is refused', get('/v2/', 'content-length: 1', 'content-length: 2'), 400],
    [
      'with a length and chunks is refused',
      get('/v2/', 'content-length: 1', 'transfer-encoding: chunked'),
      400,
    ],
    ['with a zero byte in a header is refused', get('/v2/', 'accept: a\u0000b'), 400],
    ['with more headers than anybody needs is refused', get('/v2/', `x: ${'x'.repeat(20_000)}`), 431],
    ['with a path longer than any is refused', last(`/v2/${'x'.repeat(20_000)}`), 431],
    ['with the longest path that fits is answered', last(`/v2/${'x/'.repeat(7900)}manifests/latest`), 400],
    ['of HTTP 1.0 is answered', 'GET /v2/ HTTP/1.0\r\n\r\n', 200],
    ['with its whole URL is answered, as RFC 9112 (3.2.2) wants', last('http://registry/v2/'), 200],
    ['with its whole URL finds what it asks for', last('http://registry/v2/hello/tags/list?n=1'), 200],
    ['that expects to go on is answered', get('/v2/', 'expect: 100-continue', 'connection: close'), 200],
  ]
  for (const [sentence, bytes, status] of cases) {
    it(sentence, async () => {
      const [answer, ...more] = splitAnswers(await sendRaw(known.address, bytes))
      assert.equal(answer?.status, status)
      assert.equal(more.length, 0)
      if (status >= 400) errorsSchema.parse(JSON.parse(answer.body))
    })
  }
})

describe('what Node cannot read is answered as the registry answers, and ends the connection:', () => {
  const chunked = 'POST /v2/ HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
  const cases: readonly (readonly [
    what: string,
    bytes: string,
    status: number,
    code: string,
    says: RegExp,
  ])[] = [
    ['a line that is no request', 'GARBAGE\r\n\r\n', 400, 'BAD_REQUEST', /no request of HTTP.*method/],
    ['another version', 'GET /v2/ HTTP/7.3\r\nhost: x\r\n\r\n', 400, 'BAD_REQUEST', /version/],
    [
      'two lengths',
      get('/v2/', 'content-length: 1', 'content-length: 2'),
      400,
      'BAD_REQUEST',
      /Content-Length/,
    ],
    ['headers too large', get('/v2/', `x: ${'x'.repeat(20_000)}`), 431, 'HEADERS_TOO_LARGE', /16 KiB/],
    ['a path too large', get(`/v2/${'x'.repeat(20_000)}`), 431, 'HEADERS_TOO_LARGE', /16 KiB/],
    ['headers of megabytes, all sent', get('/', `x: ${'x'.repeat(3e6)}`), 431, 'HEADERS_TOO_LARGE', /16 KiB/],
    ['a chunk without a size', `${chunked}zz\r\n`, 400, 'BAD_REQUEST', /chunk/],
    ['chunks with extensions', `${chunked}1;${'x'.repeat(20_000)}\r\n`, 413, 'CONTENT_TOO_LARGE', /16 KiB/],
  ]
  for (const [what, bytes, status, code, says] of cases) {
    it(what, async () => {
      const answers = splitAnswers(await sendRaw(known.address, bytes))
      // A body may be read when its request has been refused already.
      const answer = answers.at(-1)
      assert.equal(answer?.status, status)
      const { 'content-type': type, connection, 'docker-distribution-api-version': version } = answer.headers
      assert.deepEqual([type, connection, version], ['application/json', 'close', 'registry/2.0'])
      const [error] = errorsSchema.parse(JSON.parse(answer.body)).errors
      assert.equal(error.code, code)
      assert.match(error.message, says)
    })
  }

  it('but not into the middle of another answer', async () => {
    const blob = await storeBlob(known.storage, 32)
    const { hostname, port } = new URL(known.address)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.write(get(`/v2/hello/blobs/${blob.digest}`))
    await new Promise((resolve) => socket.once('readable', resolve))
    socket.write('GARBAGE\r\n\r\n')
    let bytes = 0
    let tail = Buffer.alloc(0)
    const read = async () => {
      for await (const chunk of socket) {
        bytes += Buffer.from(chunk).length
        tail = Buffer.concat([tail, chunk]).subarray(-1000)
      }
    }
    // It may be closed while bytes are on the way.
    await read().catch((error: unknown) => assert.match(String(error), /ECONNRESET/))
    assert.ok(bytes < 32 << 20, `${bytes} bytes came`)
    assert.ok(!tail.includes('HTTP/1.1 400'))
  })
})

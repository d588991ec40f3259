import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { errorsSchema, sendRaw } from '../support/wire.ts'
import { startKnown, unknownDigest, type Known } from './known.ts'
import { splitAnswers, type RawAnswer } from './rawAnswer.ts'

let known: Known
before(async () => {
  known = await startKnown()
})
after(() => known.stop())

const words = [
  ',/,//,hello,Hello,shell,arm64,manifests,blobs,uploads,tags,list,referrers,_catalog,latest,DIGEST,..,.,~,;',
  '%2e%2e,%2F,%252F,%00,%zz,%,%E0%A4%A,%F0%9F%90%8B,?,?n=0,?n=x&last=%zz,?ns=a,__proto__,sha512:00,sha256:',
  unknownDigest,
].flatMap((list) => list.split(','))

/** What a client may write between `GET` and `HTTP/1.1` without ending the request line. */
const path = fc
  .tuple(
    fc.constantFrom('/v2/', '/v2/', '/v2', '/', 'http://x/v2/'),
    fc.array(
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...words) }, fc.stringMatching(/^[!-~]{1,12}$/)),
      {
        maxLength: 6,
      },
    ),
  )
  .map(([start, parts]) => start + parts.join('/'))

const value = fc.oneof(
  fc.stringMatching(/^[ -~\u0080-\u00ff]{0,40}$/),
  fc.constantFrom(
    '*/*',
    'bytes=0-',
    'bytes=5-2',
    'bytes=0-0,-1',
    '"DIGEST"',
    'W/"DIGEST"',
    '*',
    'gzip;q=0',
    '-1',
  ),
)
const names = [
  'accept',
  'range',
  'if-range',
  'if-none-match',
  'accept-encoding',
  'content-type',
  'x-forwarded-for',
  'cookie',
]
const headers = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 5 })
const method = fc.constantFrom(
  'GET',
  'GET',
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'QUERY',
  'PROPFIND',
)

async function onlyAnswer(request: string): Promise<RawAnswer> {
  const text = await sendRaw(known.address, Buffer.from(request, 'latin1'))
  // HEAD says the length of a body that does not come.
  const isHead = request.startsWith('HEAD ')
  const [answer, ...more] = splitAnswers(isHead ? text.replace(/^content-length:.*\r\n/im, '') : text)
  assert.ok(answer, 'no answer')
  assert.equal(more.length, 0, 'more than one answer')
  if (isHead) assert.equal(answer.body, '')
  return answer
}

describe('whatever a client sends', () => {
  it('the answer is HTTP, no fault of the server, and under /v2/ an error is the registry’s', async () => {
    await fc.assert(
      fc.asyncProperty(method, path, headers, async (verb, url, lines) => {
        const request = [
          `${verb} ${url} HTTP/1.1`,
          'host: registry',
          'connection: close',
          ...lines.map(([name, text]) => `${name}: ${text}`),
          '',
          '',
        ].join('\r\n')
        const answer = await onlyAnswer(request.replaceAll('DIGEST', known.layer.digest))
        assert.ok(answer.status < 500, `${answer.status} ${answer.body}`)
        if (answer.status < 400 || verb === 'HEAD' || !/^(http:\/\/x)?\/v2\//.test(url)) return
        assert.equal(answer.headers['content-type'], 'application/json')
        errorsSchema.parse(JSON.parse(Buffer.from(answer.body, 'latin1').toString()))
      }),
      { numRuns: 200 },
    )
  })

  it('and be it no HTTP at all, the connection ends with an answer that says so, or with none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const text = await sendRaw(known.address, Buffer.concat([bytes, Buffer.from('\r\n\r\n')]), {
          hangUp: true,
        })
        for (const { status } of splitAnswers(text)) assert.equal(status, 400)
      }),
      { numRuns: 100 },
    )
  })
})

it('the server is as well as before', async () => {
  const [answer] = splitAnswers(await sendRaw(known.address, 'GET /v2/ HTTP/1.0\r\n\r\n'))
  assert.deepEqual([answer?.status, answer?.body], [200, '{}'])
})

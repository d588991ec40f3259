import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ask, errorOf } from '../support/wire.ts'
import { check, type Exchange } from './exchange.ts'
import { sha256, startKnown, type Known, type KnownContent } from './known.ts'
import { parseByteranges } from './multipart.ts'
import { table, type Row } from './table.ts'

let known: Known
before(async () => {
  known = await startKnown()
})
after(() => known.stop())

const here = () => known

type Part = readonly [start: number, end: number]

/** `LAST` in a header stands for the number of the layer's last byte, `SIZE` for their count. */
function fill(text: string, { size }: KnownContent): string {
  return text.replaceAll('LAST', `${size - 1}`).replaceAll('SIZE', `${size}`)
}

function ranged({ repository, layer }: Known, range: string, ...more: readonly string[]) {
  return { path: `${repository}/blobs/${layer.digest}`, headers: ['range', fill(range, layer), ...more] }
}

function whole(known: Known, range: string, ...more: readonly string[]): Exchange {
  return {
    ...ranged(known, range, ...more),
    status: 200,
    gets: { 'content-length': `${known.layer.size}`, 'content-range': undefined },
    body: known.layer.bytes,
  }
}

function part(known: Known, range: string, bounds: (layer: KnownContent) => Part): Exchange {
  const { layer } = known
  const [start, end] = bounds(layer)
  return {
    ...ranged(known, range),
    status: 206,
    gets: {
      'content-range': `bytes ${start}-${end}/${layer.size}`,
      'content-length': `${end - start + 1}`,
      'content-type': 'application/octet-stream',
      'docker-content-digest': layer.digest,
      etag: `"${layer.digest}"`,
      'cache-control': /immutable/,
    },
    body: layer.bytes.subarray(start, end + 1),
  }
}

const parts: readonly (readonly [range: string, bounds: (layer: KnownContent) => Part])[] = [
  ['bytes=500-1499', () => [500, 1499]],
  ['bytes=0-0', () => [0, 0]],
  ['bytes=LAST-', ({ size }) => [size - 1, size - 1]],
  ['bytes=500-', ({ size }) => [500, size - 1]],
  ['bytes=-500', ({ size }) => [size - 500, size - 1]],
  ['bytes=-99999999999999999999', ({ size }) => [0, size - 1]],
  ['bytes=2000-999999999999', ({ size }) => [2000, size - 1]],
  ['bytes=0-LAST', ({ size }) => [0, size - 1]],
  ['bytes=0-', ({ size }) => [0, size - 1]],
  ['Bytes=5-9', () => [5, 9]],
  ['bytes=,5-9,', () => [5, 9]],
]

table('a range of a blob is answered with its bytes:', here, [
  ...parts.map(([range, bounds]): Row => [range, (known) => part(known, range, bounds)]),
  [
    'when the client’s part is of this very blob (If-Range)',
    (known) => ({
      ...ranged(known, 'bytes=5-9', 'if-range', `"${known.layer.digest}"`),
      status: 206,
      body: known.layer.bytes.subarray(5, 10),
    }),
  ],
])

table(
  'a range that no byte is in is told how many there are:',
  here,
  ['bytes=SIZE-', 'bytes=SIZE-999999999999', 'bytes=-0', 'bytes=500-0', 'bytes=SIZE-,-0'].map(
    (range): Row => [
      range,
      (known) => ({
        ...ranged(known, range),
        status: 416,
        gets: {
          'content-range': `bytes */${known.layer.size}`,
          'content-type': 'application/json',
          etag: undefined,
          'docker-content-digest': undefined,
        },
        code: 'RANGE_INVALID',
      }),
    ],
  ),
)

table('the whole blob is the answer', here, [
  ...['lines=0-1', 'bytes', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=5', 'bytes=0x5-9', 'bytes 0-5'].map(
    (range): Row => [`to a range that is none: ${range}`, (known) => whole(known, range)],
  ),
  [
    'to a part of another blob (If-Range)',
    (known) => whole(known, 'bytes=5-9', 'if-range', `"${known.config.digest}"`),
  ],
  [
    'where If-Range has a weak tag, which says nothing about bytes',
    (known) => whole(known, 'bytes=5-9', 'if-range', `W/"${known.layer.digest}"`),
  ],
  [
    'where If-Range has a date, which no blob has',
    (known) => whole(known, 'bytes=5-9', 'if-range', 'Sun, 06 Nov 1994 08:49:37 GMT'),
  ],
  [
    'to more ranges than anybody needs',
    (known) => whole(known, `bytes=${Array.from({ length: 1000 }, (_, at) => `${at}-${at}`).join(',')}`),
  ],
])

table('a range does not count', here, [
  [
    'for HEAD',
    (known) => ({
      ...ranged(known, 'bytes=5-9'),
      method: 'HEAD',
      status: 200,
      gets: { 'content-length': `${known.layer.size}`, 'content-range': undefined },
    }),
  ],
  [
    'where the client has the blob already',
    (known) => ({ ...ranged(known, 'bytes=5-9', 'if-none-match', `"${known.layer.digest}"`), status: 304 }),
  ],
  [
    'for manifests',
    ({ repository, manifest }) => ({
      path: `${repository}/manifests/latest`,
      headers: ['range', 'bytes=0-1'],
      status: 200,
      body: manifest.bytes,
    }),
  ],
])

describe('several ranges of one blob', () => {
  const several: readonly (readonly [range: string, parts: (layer: KnownContent) => readonly Part[]])[] = [
    [
      'bytes=0-9,100-199',
      () => [
        [0, 9],
        [100, 199],
      ],
    ],
    [
      'bytes=0-9, -10',
      ({ size }) => [
        [0, 9],
        [size - 10, size - 1],
      ],
    ],
    [
      'bytes=1000-,0-0',
      ({ size }) => [
        [1000, size - 1],
        [0, 0],
      ],
    ],
  ]
  for (const [range, expected] of several) {
    it(`are one answer of many parts: ${range}`, async () => {
      const { layer } = known
      const answer = await check(known.address, {
        ...ranged(known, range),
        status: 206,
        gets: {
          'content-type': /^multipart\/byteranges; boundary=/,
          'content-range': undefined,
          etag: `"${layer.digest}"`,
          'docker-content-digest': layer.digest,
        },
      })
      const found = parseByteranges(answer)
      assert.deepEqual(
        found.map(({ headers }) => [headers['content-type'], headers['content-range']]),
        expected(layer).map(([start, end]) => [
          'application/octet-stream',
          `bytes ${start}-${end}/${layer.size}`,
        ]),
      )
      for (const [index, [start, end]] of expected(layer).entries()) {
        assert.ok(found[index]?.body.equals(layer.bytes.subarray(start, end + 1)), `part ${index}`)
      }
    })
  }

  it('of which one has bytes are that one', async () => {
    await check(known.address, {
      ...ranged(known, 'bytes=5-9,SIZE-'),
      status: 206,
      gets: { 'content-range': `bytes 5-9/${known.layer.size}` },
      body: known.layer.bytes.subarray(5, 10),
    })
  })

  it('asked for side by side make up the blob', async () => {
    const { address, layer } = known
    const length = Math.ceil(layer.size / 16)
    const fetched = await Promise.all(
      Array.from({ length: 16 }, async (_, index) => {
        const range = `bytes=${index * length}-${(index + 1) * length - 1}`
        const answer = await ask(address, ranged(known, range))
        assert.equal(answer.status, 206)
        return answer.body
      }),
    )
    assert.equal(sha256(Buffer.concat(fetched)), layer.digest)
  })

  it('taken one after the other, each from where the last broke off, make up the blob', async () => {
    const { address, layer } = known
    let have = layer.bytes.subarray(0, 0)
    for (const until of [1000, 1500, layer.size]) {
      const answer = await ask(
        address,
        ranged(known, `bytes=${have.length}-`, 'if-range', `"${layer.digest}"`),
      )
      assert.equal(answer.headers['content-range'], `bytes ${have.length}-${layer.size - 1}/${layer.size}`)
      have = Buffer.concat([have, answer.body.subarray(0, until - have.length)])
    }
    assert.equal(sha256(have), layer.digest)
  })
})

it('a range of a blob that is not there is as unknown as the blob', async () => {
  const path = `${known.repository}/blobs/${sha256('nowhere')}`
  const answer = await ask(known.address, { path, headers: ['range', 'bytes=0-1'] })
  assert.deepEqual([answer.status, errorOf(answer).code], [404, 'BLOB_UNKNOWN'])
})

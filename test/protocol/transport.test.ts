import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { asItIs, check } from './exchange.ts'
import { startKnown, type Known } from './known.ts'
import { table } from './table.ts'

let known: Known
before(async () => {
  known = await startKnown({ NIXERY_LAYER_COMPRESSION: 'none' })
})
after(() => known.stop())

const here = () => known
const decoders = { gzip: gunzipSync, zstd: zstdDecompressSync } as const

describe('a layer that is stored uncompressed is encoded on the way', () => {
  for (const [header, coding] of [
    ['gzip', 'gzip'],
    ['zstd, gzip, deflate', 'zstd'],
    ['gzip, zstd;q=0.5', 'gzip'],
    ['GZIP', 'gzip'],
    ['br, deflate;q=0.9, gzip;q=0.1', 'gzip'],
  ] as const) {
    it(`with ${coding} for a client that takes ${header}`, async () => {
      const { address, repository, layer } = known
      const answer = await check(address, {
        path: `${repository}/blobs/${layer.digest}`,
        headers: ['accept-encoding', header],
        status: 200,
        gets: {
          'content-encoding': coding,
          'content-type': 'application/octet-stream',
          'docker-content-digest': layer.digest,
          etag: `W/"${layer.digest}"`,
          vary: /accept-encoding/i,
          'cache-control': /immutable/,
        },
      })
      assert.ok(decoders[coding](answer.body).equals(layer.bytes))
    })
  }
})

table('such a layer is sent as it is', here, [
  ...['', 'identity', 'br, deflate', '*', 'gzip;q=0', 'identity, gzip;q=0.5'].map(
    (header) =>
      [
        `to a client that takes ${header || 'nothing'}`,
        ({ repository, layer }: Known) => ({
          path: `${repository}/blobs/${layer.digest}`,
          headers: ['accept-encoding', header],
          status: 200,
          gets: {
            'content-encoding': undefined,
            'content-length': `${layer.size}`,
            etag: `"${layer.digest}"`,
            vary: /accept-encoding/i,
          },
          body: layer.bytes,
        }),
      ] as const,
  ),
  [
    'in parts, whose bytes are those of the layer',
    ({ repository, layer }) => ({
      path: `${repository}/blobs/${layer.digest}`,
      headers: ['accept-encoding', 'gzip', 'range', 'bytes=100-199'],
      status: 206,
      gets: { 'content-encoding': undefined, 'content-range': `bytes 100-199/${layer.size}` },
      body: layer.bytes.subarray(100, 200),
    }),
  ],
])

table('no other content is encoded:', here, [
  [
    'a config',
    ({ repository, config }) => asItIs(`${repository}/blobs/${config.digest}`, config.bytes, 'gzip'),
  ],
  [
    'a manifest',
    ({ repository, manifest }) => asItIs(`${repository}/manifests/latest`, manifest.bytes, 'gzip'),
  ],
])

table('a client that has the layer in whatever coding', here, [
  [
    'is told so',
    ({ repository, layer }) => ({
      path: `${repository}/blobs/${layer.digest}`,
      headers: ['accept-encoding', 'gzip', 'if-none-match', `W/"${layer.digest}"`],
      status: 304,
    }),
  ],
])

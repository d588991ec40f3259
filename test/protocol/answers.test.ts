import { after, before } from 'node:test'
import { asItIs } from './exchange.ts'
import { startKnown, unknownDigest, type Known } from './known.ts'
import { table, type Row } from './table.ts'

const immutable = 'public, max-age=31536000, immutable'
const sha512 = `sha512:${'0'.repeat(128)}`

let known: Known
before(async () => {
  known = await startKnown()
})
after(() => known.stop())

const here = () => known

table('content is answered, by GET and HEAD alike,', here, [
  ['at the base, saying which API this is', () => ({ path: '/v2/', status: 200, body: '{}' })],
  ['at the base without its slash', () => ({ path: '/v2', status: 200 })],
  [
    'with the manifest of a tag, to be asked for again',
    ({ repository, manifest }) => ({
      path: `${repository}/manifests/latest`,
      status: 200,
      gets: {
        'content-type': manifest.mediaType,
        'docker-content-digest': manifest.digest,
        'content-length': `${manifest.size}`,
        etag: `"${manifest.digest}"`,
        'cache-control': 'no-cache',
        'content-encoding': undefined,
      },
      body: manifest.bytes,
    }),
  ],
  [
    'with the manifest of a digest, for ever',
    ({ repository, manifest }) => ({
      path: `${repository}/manifests/${manifest.digest}`,
      status: 200,
      gets: {
        'content-type': manifest.mediaType,
        'docker-content-digest': manifest.digest,
        etag: `"${manifest.digest}"`,
        'cache-control': immutable,
      },
      body: manifest.bytes,
    }),
  ],
  [
    'with a layer, for ever',
    ({ repository, layer }) => ({
      path: `${repository}/blobs/${layer.digest}`,
      status: 200,
      gets: {
        'content-type': 'application/octet-stream',
        'docker-content-digest': layer.digest,
        'content-length': `${layer.size}`,
        etag: `"${layer.digest}"`,
        'cache-control': immutable,
        'accept-ranges': 'bytes',
        'content-encoding': undefined,
      },
      body: layer.bytes,
    }),
  ],
  [
    'with a config',
    ({ repository, config }) => ({
      path: `${repository}/blobs/${config.digest}`,
      status: 200,
      gets: { 'docker-content-digest': config.digest, 'cache-control': immutable },
      body: config.bytes,
    }),
  ],
  [
    'with a manifest asked for as a blob, which it is too',
    ({ repository, manifest }) => ({
      path: `${repository}/blobs/${manifest.digest}`,
      status: 200,
      body: manifest.bytes,
    }),
  ],
  [
    'by a digest under any other valid name: content is content',
    ({ layer }) => ({ path: `/v2/jq/blobs/${layer.digest}`, status: 200, body: layer.bytes }),
  ],
  [
    'with a layer compressed already as it is, whatever encodings the client takes',
    ({ repository, layer }) =>
      asItIs(`${repository}/blobs/${layer.digest}`, layer.bytes, 'zstd, gzip, deflate'),
  ],
  [
    'with a manifest as its digest says, whatever encodings the client takes',
    ({ repository, manifest }) => asItIs(`${repository}/manifests/latest`, manifest.bytes, 'gzip'),
  ],
])

table('a client that has the content already is told so', here, [
  ...(['manifests/latest', 'manifests/DIGEST'] as const).map((end): Row => [
    `for ${end}`,
    ({ repository, manifest }) => ({
      path: `${repository}/${end.replace('DIGEST', manifest.digest)}`,
      headers: ['if-none-match', `"${manifest.digest}"`],
      status: 304,
      gets: {
        etag: `"${manifest.digest}"`,
        'docker-content-digest': manifest.digest,
        'cache-control': end.includes('DIGEST') ? immutable : 'no-cache',
      },
    }),
  ]),
  ...(['"DIGEST"', 'W/"DIGEST"', '"other", "DIGEST"', '*'] as const).map((header): Row => [
    `for a blob and ${header}`,
    ({ repository, layer }) => ({
      path: `${repository}/blobs/${layer.digest}`,
      headers: ['if-none-match', header.replace('DIGEST', layer.digest)],
      status: 304,
      gets: { etag: `"${layer.digest}"`, 'cache-control': immutable },
    }),
  ]),
  [
    'but gets the content when it has another',
    ({ repository, layer }) => ({
      path: `${repository}/blobs/${layer.digest}`,
      headers: ['if-none-match', `"${unknownDigest}"`],
      status: 200,
      body: layer.bytes,
    }),
  ],
])

table('a digest', here, [
  ...(['manifests', 'blobs'] as const).flatMap((noun): readonly Row[] => {
    const unknown = noun === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN'
    const refused = (digest: string, says: RegExp): Row => [
      `that is no sha256 digest, ${digest.slice(0, 30)}, is refused among ${noun}`,
      ({ repository }) => ({
        path: `${repository}/${noun}/${digest}`,
        status: 400,
        code: 'DIGEST_INVALID',
        says,
        gets: { 'content-type': 'application/json' },
      }),
    ]
    return [
      [
        `that nothing has is unknown among ${noun}`,
        ({ repository }) => ({
          path: `${repository}/${noun}/${unknownDigest}`,
          status: 404,
          code: unknown,
          gets: { 'content-type': 'application/json', etag: undefined, 'docker-content-digest': undefined },
        }),
      ],
      refused('sha256:baddigeststring', /sha256/),
      refused(`sha256:${'0'.repeat(63)}`, /64/),
      refused(`sha256:${'A'.repeat(64)}`, /lower-case/),
      refused(`md5:${'0'.repeat(32)}`, /sha256/),
      refused(sha512, /only sha256/),
      refused(`sha512:zz`, /sha256/),
      refused(`:${'0'.repeat(64)}`, /sha256/),
    ]
  }),
  [
    'of a layer is no manifest',
    ({ repository, layer }) => ({
      path: `${repository}/manifests/${layer.digest}`,
      status: 404,
      code: 'MANIFEST_UNKNOWN',
    }),
  ],
  [
    'of a config is no manifest',
    ({ repository, config }) => ({
      path: `${repository}/manifests/${config.digest}`,
      status: 404,
      code: 'MANIFEST_UNKNOWN',
    }),
  ],
  [
    'is the only name that a blob has',
    ({ repository }) => ({ path: `${repository}/blobs/latest`, status: 400, code: 'DIGEST_INVALID' }),
  ],
])

table('a path', here, [
  ...[
    '/v2/hello',
    '/v2/hello/',
    '/v2/hello/manifests',
    '/v2/hello/other/latest',
    '/v2/hello/tags/other',
    '/v2/_other',
    '/v2/_catalog/more',
    '/v2/..',
    '/v2/hello/manifests/../latest/x',
    '/v2/%2e%2e/%2e%2e/etc/passwd',
    '/v2/hello/constructor/latest',
  ].map((path): Row => [
    `that means nothing, ${path}, is answered so`,
    () => ({ path, status: 404, gets: { 'content-type': 'application/json' } }),
  ]),
  ...['/v2/%zz', '/v2/hello/manifests/%', '/v2/hello/blobs/%E0%A4%A'].map((path): Row => [
    `that is not well encoded, ${path}, is refused as every other`,
    () => ({ path, status: 404, gets: { 'content-type': 'application/json' } }),
  ]),
  [
    'is decoded once',
    ({ manifest }) => ({
      path: '/v2/%68ello/manifests/%6catest',
      status: 200,
      gets: { 'docker-content-digest': manifest.digest },
    }),
  ],
  [
    'with an encoded digest finds its blob',
    ({ repository, layer }) => ({
      path: `${repository}/blobs/${layer.digest.replace(':', '%3A')}`,
      status: 200,
      body: layer.bytes,
    }),
  ],
  [
    'that is encoded twice stays encoded once, which no name is',
    () => ({ path: '/v2/%2568ello/manifests/latest', status: 400, code: 'NAME_INVALID' }),
  ],
  [
    'that is encoded twice stays encoded once, which no tag is',
    () => ({ path: '/v2/hello/manifests/%256catest', status: 400, code: 'TAG_INVALID' }),
  ],
  [
    'with a name that breaks a rule is refused for blobs too',
    () => ({ path: `/v2/Hello/blobs/${unknownDigest}`, status: 400, code: 'NAME_INVALID', says: /capitals/ }),
  ],
  [
    'that climbs up and down is no name',
    ({ layer }) => ({ path: `/v2/x/../hello/blobs/${layer.digest}`, status: 400, code: 'NAME_INVALID' }),
  ],
  ...['.x', '-x', 'a b', 'é', 'x'.repeat(129)].map((tag): Row => [
    `with a tag that breaks the rule, ${JSON.stringify(tag.slice(0, 8))}, is refused`,
    () => ({ path: `/v2/hello/manifests/${encodeURIComponent(tag)}`, status: 400, code: 'TAG_INVALID' }),
  ]),
  ...['?ns=docker.io', '?ns=a%2Fb&x=%zz', '?', '?ns=/v2/x/manifests/y', '?%00'].map((query): Row => [
    `has a query, ${query}, that does not count`,
    ({ repository, manifest }) => ({
      path: `${repository}/manifests/latest${query}`,
      status: 200,
      body: manifest.bytes,
    }),
  ]),
  [
    'of a blob has a query that does not count',
    ({ repository, layer }) => ({
      path: `${repository}/blobs/${layer.digest}?ns=docker.io`,
      status: 200,
      body: layer.bytes,
    }),
  ],
])

const digestPath = `/v2/hello/blobs/${unknownDigest}`

table('nobody writes:', here, [
  ...(
    [
      ['POST', '/v2/hello/blobs/uploads/'],
      ['POST', '/v2/hello/blobs/uploads'],
      ['POST', `/v2/hello/blobs/uploads/?digest=${unknownDigest}`],
      ['POST', `/v2/hello/blobs/uploads/?mount=${unknownDigest}&from=jq`],
      ['PATCH', '/v2/hello/blobs/uploads/17'],
      ['PUT', `/v2/hello/blobs/uploads/17?digest=${unknownDigest}`],
      ['DELETE', '/v2/hello/blobs/uploads/17'],
      ['PUT', '/v2/hello/manifests/latest'],
      ['PUT', `/v2/hello/manifests/${unknownDigest}`],
      ['DELETE', '/v2/hello/manifests/latest'],
      ['DELETE', `/v2/hello/manifests/${unknownDigest}`],
      ['DELETE', digestPath],
      ['POST', '/v2/'],
      ['PUT', '/v2/hello/tags/list'],
      ['POST', '/v2/_catalog'],
      ['DELETE', `/v2/hello/referrers/${unknownDigest}`],
      ['OPTIONS', '/v2/hello/manifests/latest'],
    ] as const
  ).map(([method, path]): Row => [
    `${method} ${path.slice(0, 50)} is not allowed, and told what is`,
    () => ({ method, path, status: 405, code: 'UNSUPPORTED', gets: { allow: 'GET, HEAD' } }),
  ]),
  ...(
    [
      ['PUT', '/v2/hello/manifests/latest', 'application/vnd.oci.image.manifest.v1+json'],
      ['PUT', '/v2/hello/manifests/latest', 'application/json'],
      ['PATCH', '/v2/hello/blobs/uploads/17', 'application/octet-stream'],
    ] as const
  ).map(([method, path, type]): Row => [
    `${method} ${path} with a body of ${type} is told the same`,
    () => ({
      method,
      path,
      payload: '{"not": json',
      headers: ['content-type', type],
      status: 405,
      code: 'UNSUPPORTED',
      gets: { allow: 'GET, HEAD' },
    }),
  ]),
])

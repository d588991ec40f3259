import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { mediaTypes } from '../../src/oci/mediaTypes.ts'
import { ask, type Answer } from '../support/wire.ts'
import { check } from './exchange.ts'
import { sha256, startKnown, type Known } from './known.ts'

const { ociManifest, ociIndex, dockerManifest, dockerManifestList } = mediaTypes

/** What clients send, one string a line. */
const clients = {
  'skopeo, podman and buildah': [
    [ociManifest, dockerManifest, 'application/vnd.docker.distribution.manifest.v1+prettyjws'].join(', '),
    'application/vnd.docker.distribution.manifest.v1+json',
    dockerManifestList,
    ociIndex,
  ],
  docker: [
    'application/json',
    dockerManifestList,
    ociIndex,
    dockerManifest,
    ociManifest,
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
  ],
  containerd: [[dockerManifest, dockerManifestList, ociManifest, ociIndex, '*/*'].join(', ')],
  crane: [[dockerManifest, ociManifest, dockerManifestList, ociIndex].join(',')],
  'a browser': ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  'a client that says nothing': [],
} as const

const descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() })
const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string(),
  config: descriptor,
  layers: z.array(descriptor),
})
const indexSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string(),
  manifests: z.array(
    descriptor.extend({ platform: z.object({ architecture: z.string(), os: z.literal('linux') }) }),
  ),
})

function accept(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => ['accept', line])
}

function json(answer: Answer): unknown {
  return JSON.parse(answer.body.toString())
}

/** Asks for `latest` and checks what every variant promises. */
async function pull(known: Known, name: string, lines: readonly string[], type: string): Promise<Answer> {
  const path = `/v2/${name}/manifests/latest`
  const answer = await check(known.address, {
    path,
    headers: accept(lines),
    status: 200,
    gets: { vary: /accept/i },
  })
  assert.equal(answer.headers['content-type'], type)
  const digest = sha256(answer.body)
  assert.deepEqual(
    [answer.headers['docker-content-digest'], answer.headers['etag']],
    [digest, `"${digest}"`],
    'a variant has another digest than it says',
  )
  assert.equal(z.object({ mediaType: z.string() }).parse(json(answer)).mediaType, type)
  return answer
}

describe('for one platform', () => {
  let known: Known
  before(async () => {
    known = await startKnown()
  })
  after(() => known.stop())

  for (const [client, lines] of Object.entries(clients)) {
    it(`${client} gets the OCI manifest`, async () => {
      assert.ok((await pull(known, 'hello', lines, ociManifest)).body.equals(known.manifest.bytes))
    })
  }

  const wanted: readonly (readonly [lines: readonly string[], type: string])[] = [
    [[dockerManifest], dockerManifest],
    [[dockerManifestList, dockerManifest], dockerManifest],
    [[dockerManifestList], ociManifest],
    [[`${ociManifest};q=0.5`, `${dockerManifest};q=0.8`], dockerManifest],
    [[`${ociManifest};q=0, ${dockerManifest}`], dockerManifest],
    [[`*/*, ${ociManifest};q=0.1`], dockerManifest],
    [[`application/*;q=0.2, ${dockerManifest};q=0.1`], ociManifest],
    [[`${dockerManifest} ; q=1.000 , ${ociManifest};q=0.999`], dockerManifest],
    [[dockerManifest.toUpperCase()], dockerManifest],
    [[`, ,${dockerManifest},,`], dockerManifest],
    [['application/*'], ociManifest],
    [['*/*'], ociManifest],
    [['text/html'], ociManifest],
    [[''], ociManifest],
    [[';;;q=,/'], ociManifest],
  ]
  for (const [lines, type] of wanted) {
    it(`Accept: ${lines.join(' | ')} is answered with ${type}`, async () => {
      await pull(known, 'hello', lines, type)
    })
  }

  it('Docker’s variant shares every blob with OCI’s, and is found by its own digest', async () => {
    const docker = await pull(known, 'hello', [dockerManifest], dockerManifest)
    const oci = manifestSchema.parse(JSON.parse(known.manifest.bytes.toString()))
    const variant = manifestSchema.parse(json(docker))
    const same = ({ digest, size }: z.infer<typeof descriptor>) => [digest, size]
    assert.deepEqual([variant.config, ...variant.layers].map(same), [oci.config, ...oci.layers].map(same))
    assert.equal(variant.config.mediaType, mediaTypes.dockerConfig)
    assert.deepEqual(
      [...new Set(variant.layers.map((layer) => layer.mediaType))],
      [mediaTypes.dockerLayerGzip],
    )
    await check(known.address, {
      path: `/v2/hello/manifests/${sha256(docker.body)}`,
      status: 200,
      gets: { 'content-type': dockerManifest, 'cache-control': /immutable/ },
      body: docker.body,
    })
  })

  it('a digest has one variant, whatever the client accepts', async () => {
    await check(known.address, {
      path: `/v2/hello/manifests/${known.manifest.digest}`,
      headers: accept([dockerManifest]),
      status: 200,
      gets: { 'content-type': ociManifest },
      body: known.manifest.bytes,
    })
  })

  it('the tag that a client knows one variant of has changed for a client that wants the other', async () => {
    const path = '/v2/hello/manifests/latest'
    const headers = ['if-none-match', `"${known.manifest.digest}"`]
    await check(known.address, { path, headers, status: 304, gets: { vary: /accept/i } })
    await check(known.address, { path, headers: [...headers, ...accept([dockerManifest])], status: 200 })
  })
})

const otherArchitecture =
  process.arch === 'x64' ? false : 'the demo set has packages for another platform on amd64 only'

describe('for several platforms', { skip: otherArchitecture }, () => {
  let known: Known
  before(async () => {
    known = await startKnown({ NIXERY_PLATFORMS: 'linux/amd64,linux/arm64' }, { by: 'amd64/hello' })
  })
  after(() => known.stop())

  const platforms = (answer: Answer) =>
    indexSchema.parse(json(answer)).manifests.map(({ platform }) => platform)

  for (const [client, lines] of Object.entries(clients)) {
    it(`${client} gets the OCI index`, async () => {
      const answer = await pull(known, 'hello', lines, ociIndex)
      assert.deepEqual(platforms(answer), [
        { architecture: 'amd64', os: 'linux' },
        { architecture: 'arm64', os: 'linux' },
      ])
    })
  }

  const variants: readonly (readonly [lines: readonly string[], type: string, of: string])[] = [
    [[dockerManifestList], dockerManifestList, dockerManifest],
    [[dockerManifestList, dockerManifest], dockerManifestList, dockerManifest],
    [[ociIndex], ociIndex, ociManifest],
    [[ociManifest, ociIndex], ociIndex, ociManifest],
    [[`${ociIndex};q=0.1, ${dockerManifestList}`], dockerManifestList, dockerManifest],
  ]
  for (const [lines, type, of] of variants) {
    it(`Accept: ${lines.join(' | ')} is answered with an index of ${of}`, async () => {
      const answer = await pull(known, 'hello', lines, type)
      for (const entry of indexSchema.parse(json(answer)).manifests) {
        const found = await check(known.address, {
          path: `/v2/hello/manifests/${entry.digest}`,
          status: 200,
          gets: { 'content-type': of, 'content-length': `${entry.size}` },
        })
        const { config } = manifestSchema.parse(json(found))
        const blob = await ask(known.address, { path: `/v2/hello/blobs/${config.digest}` })
        assert.equal(
          z.object({ architecture: z.string() }).parse(json(blob)).architecture,
          entry.platform.architecture,
        )
      }
      await check(known.address, {
        path: `/v2/hello/manifests/${sha256(answer.body)}`,
        status: 200,
        body: answer.body,
      })
    })
  }

  for (const type of [ociManifest, dockerManifest]) {
    it(`a client that takes only ${type} gets that of the first platform`, async () => {
      const { config } = manifestSchema.parse(json(await pull(known, 'hello', [type], type)))
      assert.equal(config.digest, known.config.digest)
    })
  }

  it('a name that says its platform is answered with that platform’s manifest', async () => {
    const index = indexSchema.parse(json(await pull(known, 'hello', [], ociIndex)))
    for (const { digest, platform } of index.manifests) {
      const answer = await pull(known, `${platform.architecture}/hello`, clients.containerd, ociManifest)
      assert.equal(sha256(answer.body), digest)
    }
  })

  it('a platform that lacks a package is not in the index', async () => {
    const answer = await pull(known, 'jq', [], ociIndex)
    assert.deepEqual(platforms(answer), [{ architecture: 'amd64', os: 'linux' }])
    await check(known.address, {
      path: '/v2/arm64/jq/manifests/latest',
      status: 404,
      code: 'MANIFEST_UNKNOWN',
      says: /jq/,
    })
  })

  it('a package that no platform has is unknown, by name', async () => {
    const path = '/v2/no-such-thing/manifests/latest'
    await check(known.address, { path, status: 404, code: 'MANIFEST_UNKNOWN', says: /no-such-thing/ })
  })

  it('the same index is the answer of another server', async () => {
    const other = await startKnown({ NIXERY_PLATFORMS: 'amd64,arm64' }, { by: 'amd64/hello' })
    const digests = await Promise.all(
      [known, other].map(async (server) => sha256((await pull(server, 'hello', [], ociIndex)).body)),
    )
    await other.stop()
    assert.equal(digests[0], digests[1])
  })
})

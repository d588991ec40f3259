import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { mediaTypes } from '../src/oci/mediaTypes.ts'
import { fetchError, fetchManifest } from './support/registry.ts'
import { startServer, type TestServer } from './support/server.ts'

const indexSchema = z.object({
  mediaType: z.string(),
  manifests: z.array(
    z.object({
      mediaType: z.string(),
      digest: z.string(),
      platform: z.object({ os: z.literal('linux'), architecture: z.string() }),
    }),
  ),
})

let server: TestServer
before(async () => {
  server = await startServer({ NIXERY_PLATFORMS: 'linux/amd64,linux/arm64' })
})
after(() => server.stop())

async function fetchIndex(name: string, accept: string) {
  const response = await fetch(`${server.address}/v2/${name}/manifests/latest`, { headers: { accept } })
  const index = indexSchema.parse(await response.json())
  assert.equal(response.headers.get('content-type'), index.mediaType)
  return { index, digest: response.headers.get('docker-content-digest') ?? '' }
}

describe('a server of several platforms', () => {
  it('answers a tag with an index of them, whose manifests are for the platforms that it says', async () => {
    const { index, digest } = await fetchIndex('hello', '*/*')
    assert.equal(index.mediaType, mediaTypes.ociIndex)
    assert.deepEqual(
      index.manifests.map(({ platform }) => platform.architecture),
      ['amd64', 'arm64'],
    )
    for (const one of index.manifests) {
      const { manifest } = await fetchManifest(server.address, 'hello', one.digest)
      const config = await fetch(`${server.address}/v2/hello/blobs/${manifest.config.digest}`)
      assert.equal(
        z.object({ architecture: z.string() }).parse(await config.json()).architecture,
        one.platform.architecture,
      )
    }
    const byDigest = await fetch(`${server.address}/v2/hello/manifests/${digest}`)
    assert.deepEqual(indexSchema.parse(await byDigest.json()), index)
  })

  it('answers a name that says the platform with its manifest, the same as in the index', async () => {
    const { index } = await fetchIndex('hello', '*/*')
    for (const { digest, platform } of index.manifests) {
      const named = await fetchManifest(server.address, `${platform.architecture}/hello`)
      assert.equal(named.digest, digest)
      assert.equal(named.manifest.mediaType, mediaTypes.ociManifest)
    }
  })

  it('gives Docker a list of its own manifests', async () => {
    const { index } = await fetchIndex(
      'hello',
      `${mediaTypes.dockerManifestList}, ${mediaTypes.dockerManifest}`,
    )
    assert.equal(index.mediaType, mediaTypes.dockerManifestList)
    for (const { mediaType, digest } of index.manifests) {
      assert.equal(mediaType, mediaTypes.dockerManifest)
      assert.equal((await fetchManifest(server.address, 'hello', digest)).manifest.mediaType, mediaType)
    }
  })

  it('gives a client that knows no index the manifest of the first platform', async () => {
    const { digest } = await fetchManifest(server.address, 'hello', 'latest', mediaTypes.ociManifest)
    const { index } = await fetchIndex('hello', '*/*')
    assert.equal(digest, index.manifests[0]?.digest)
  })

  it('drops a platform that lacks a package', async () => {
    const { index } = await fetchIndex('htop', '*/*')
    assert.deepEqual(
      index.manifests.map(({ platform }) => platform.architecture),
      ['amd64'],
    )
    assert.equal((await fetchError(`${server.address}/v2/arm64/htop/manifests/latest`)).status, 404)
  })

  it('does not know what no platform has', async () => {
    const { status, code } = await fetchError(`${server.address}/v2/none-of-them/manifests/latest`)
    assert.deepEqual([status, code], [404, 'MANIFEST_UNKNOWN'])
  })
})

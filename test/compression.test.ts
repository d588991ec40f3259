import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { z } from 'zod'
import { mediaTypes } from '../src/oci/mediaTypes.ts'
import { fetchManifest, type Manifest } from './support/registry.ts'
import { startServer, type TestServer } from './support/server.ts'

const image = 'jq'
const configSchema = z.object({ rootfs: z.object({ diff_ids: z.array(z.string()) }) })

async function blob(server: TestServer, digest: string): Promise<Buffer> {
  const response = await fetch(`${server.address}/v2/${image}/blobs/${digest}`, {
    headers: { 'accept-encoding': 'identity' },
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  assert.equal(sha256(bytes), digest)
  return bytes
}

async function diffIDs(server: TestServer, { config }: Manifest): Promise<readonly string[]> {
  return configSchema.parse(JSON.parse(String(await blob(server, config.digest)))).rootfs.diff_ids
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

describe('layers', () => {
  it('of zstd are for OCI clients, and gzip of the same tar is for those of Docker', async () => {
    const server = await startServer({ NIXERY_LAYER_COMPRESSION: 'zstd' })
    const oci = await fetchManifest(server.address, image)
    const docker = await fetchManifest(server.address, image, 'latest', mediaTypes.dockerManifest)
    const again = await fetchManifest(server.address, image, docker.digest)
    assert.deepEqual(again.manifest, docker.manifest)
    assert.equal(oci.manifest.config.digest, docker.manifest.config.digest)
    const expected = await diffIDs(server, oci.manifest)
    const unpacked: (readonly [string, string])[] = []
    for (const [index, layer] of oci.manifest.layers.entries()) {
      const inDocker = docker.manifest.layers[index]
      assert.equal(layer.mediaType, mediaTypes.ociLayerZstd)
      assert.equal(inDocker?.mediaType, mediaTypes.dockerLayerGzip)
      unpacked.push([
        sha256(zstdDecompressSync(await blob(server, layer.digest))),
        sha256(gunzipSync(await blob(server, inDocker.digest))),
      ])
    }
    await server.stop()
    assert.deepEqual(
      unpacked,
      expected.map((diffID) => [diffID, diffID]),
    )
  })

  it('that are stored uncompressed are compressed on the way for clients that want it', async () => {
    const server = await startServer({ NIXERY_LAYER_COMPRESSION: 'none' })
    const { manifest } = await fetchManifest(server.address, image)
    assert.deepEqual(
      manifest.layers.map(({ digest }) => digest),
      await diffIDs(server, manifest),
    )
    const [layer] = manifest.layers
    assert.ok(layer)
    for (const coding of ['gzip', 'zstd']) {
      const url = `${server.address}/v2/${image}/blobs/${layer.digest}`
      const answer = await fetch(url, { headers: { 'accept-encoding': coding } })
      assert.equal(answer.headers.get('content-encoding'), coding)
      assert.equal(answer.headers.get('docker-content-digest'), layer.digest)
      assert.equal(answer.headers.get('vary'), 'accept-encoding')
      assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), layer.digest)
      const part = await fetch(url, { headers: { 'accept-encoding': coding, range: 'bytes=0-9' } })
      assert.equal(part.status, 206)
      assert.equal(part.headers.get('content-encoding'), null)
      assert.equal((await part.arrayBuffer()).byteLength, 10)
    }
    await server.stop()
  })

  it('that are compressed already are sent as they are, whatever the client accepts', async () => {
    const server = await startServer()
    const { manifest } = await fetchManifest(server.address, image)
    for (const { digest } of [manifest.config, ...manifest.layers]) {
      const answer = await fetch(`${server.address}/v2/${image}/blobs/${digest}`, {
        headers: { 'accept-encoding': 'zstd, gzip' },
      })
      assert.equal(answer.headers.get('content-encoding'), null)
      assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), digest)
    }
    await server.stop()
  })
})

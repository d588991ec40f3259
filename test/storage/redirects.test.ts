import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { s3Server, whyMissing } from '../../setup/storageServers.js'
import { digestOf } from '../../src/oci/digest.ts'
import type { S3Options } from '../../src/storage/s3/options.ts'
import { Podman, run } from '../support/clients.ts'
import { fetchError, fetchManifest } from '../support/registry.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { startS3, type TestS3 } from './s3Server.ts'

const hasContainerd = spawnSync('containerd', ['--version']).status === 0

describe('a server whose images are in S3', { skip: whyMissing(s3Server) ?? false }, () => {
  let s3: TestS3
  let options: S3Options
  let server: TestServer
  let folder: string
  before(async () => {
    s3 = await startS3()
    options = await s3.bucket('images')
    server = await startServer(s3.variables(options))
    folder = await mkdtemp(join(tmpdir(), 'nixery-redirects-'))
  })
  after(async () => {
    await server.stop()
    await s3.stop()
    await rm(folder, { recursive: true })
  })

  const firstLayer = async (address: string, name: string) => {
    const { manifest } = await fetchManifest(address, name)
    const [layer] = manifest.layers
    assert.ok(layer)
    return { ...layer, path: `/v2/${name}/blobs/${layer.digest}` }
  }

  it('sends a client that wants a blob to the bucket', async () => {
    const { digest, size, path } = await firstLayer(server.address, 'hello')
    const answer = await fetch(`${server.address}${path}`, { redirect: 'manual' })
    assert.equal(answer.status, 307)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.equal(answer.headers.get('docker-content-digest'), digest)
    const link = answer.headers.get('location') ?? ''
    assert.ok(link.startsWith(`${s3.endpoint}/${options.bucket}/images/layers/`), link)
    const bytes = Buffer.from(await (await fetch(link)).arrayBuffer())
    assert.equal(bytes.length, size)
    assert.equal(digestOf(bytes), digest)
  })

  it('answers HEAD itself, and what the client has already', async () => {
    const { digest, size, path } = await firstLayer(server.address, 'hello')
    const head = await fetch(`${server.address}${path}`, { method: 'HEAD', redirect: 'manual' })
    assert.equal(head.status, 200)
    assert.equal(head.headers.get('content-length'), String(size))
    assert.equal(head.headers.get('docker-content-digest'), digest)
    const headers = { 'if-none-match': `"${digest}"` }
    assert.equal((await fetch(`${server.address}${path}`, { headers, redirect: 'manual' })).status, 304)
  })

  it('lets the bucket serve ranges', async () => {
    const { size, path } = await firstLayer(server.address, 'hello')
    const answer = await fetch(`${server.address}${path}`, { headers: { range: 'bytes=100-' } })
    assert.equal(answer.status, 206)
    assert.equal((await answer.arrayBuffer()).byteLength, size - 100)
  })

  it('gives no link to a blob that the bucket has lost', async () => {
    const { digest, path } = await firstLayer(server.address, 'jq')
    const key = `images/layers/${digest.slice('sha256:'.length)}`
    await s3.client.send(new DeleteObjectCommand({ Bucket: options.bucket, Key: key }))
    const { status, code } = await fetchError(`${server.address}${path}`, { redirect: 'manual' })
    assert.deepEqual({ status, code }, { status: 404, code: 'BLOB_UNKNOWN' })
  })

  it('passes blobs on itself where clients cannot reach the bucket', async () => {
    const proxy = await startServer({ ...s3.variables(options), NIXERY_DOWNLOADS: 'proxy' })
    try {
      const { digest, path } = await firstLayer(proxy.address, 'hello')
      const answer = await fetch(`${proxy.address}${path}`, { redirect: 'error' })
      assert.equal(answer.status, 200)
      assert.equal(digestOf(Buffer.from(await answer.arrayBuffer())), digest)
    } finally {
      await proxy.stop()
    }
  })

  it('links to the address that clients know the bucket by', async () => {
    const outside = await startServer({
      ...s3.variables(options),
      S3_PUBLIC_ENDPOINT: 'https://images.example.com',
    })
    try {
      const { path } = await firstLayer(outside.address, 'hello')
      const answer = await fetch(`${outside.address}${path}`, { redirect: 'manual' })
      assert.match(
        answer.headers.get('location') ?? '',
        /^https:\/\/images\.example\.com\/b-.*X-Amz-Signature=/,
      )
    } finally {
      await outside.stop()
    }
  })

  it('gives skopeo the whole image', async () => {
    const { manifest } = await fetchManifest(server.address, 'htop')
    const copied = join(folder, 'copied')
    const { code, stderr } = await run('skopeo', [
      'copy',
      '--src-tls-verify=false',
      `docker://${server.host}/htop`,
      `dir:${copied}`,
    ])
    assert.equal(code, 0, stderr)
    for (const { digest } of [manifest.config, ...manifest.layers]) {
      assert.equal(digestOf(await readFile(join(copied, digest.slice('sha256:'.length)))), digest)
    }
  })

  it(
    'gives containerd the whole image',
    { skip: hasContainerd ? false : 'containerd is not installed' },
    async () => {
      const socket = join(folder, 'containerd.sock')
      const config = join(folder, 'containerd.toml')
      await writeFile(config, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
      const places = [
        '--root',
        join(folder, 'ctd-root'),
        '--state',
        join(folder, 'ctd-state'),
        '--address',
        socket,
      ]
      const daemon = spawn('containerd', ['--config', config, ...places], { stdio: 'ignore' })
      try {
        while (!existsSync(socket)) await sleep(50)
        const image = `${server.host}/hello:latest`
        const args = ['--address', socket, 'images', 'pull', '--plain-http', '--snapshotter', 'native', image]
        const { code, stderr } = await run('ctr', args)
        assert.equal(code, 0, stderr)
        const { manifest } = await fetchManifest(server.address, 'hello')
        const { stdout } = await run('ctr', ['--address', socket, 'content', 'ls', '-q'])
        for (const { digest } of [manifest.config, ...manifest.layers])
          assert.ok(stdout.includes(digest), digest)
      } finally {
        daemon.kill()
        await once(daemon, 'exit')
      }
    },
  )

  it('gives podman an image that runs', async () => {
    const podman = new Podman()
    try {
      const image = `${server.host}/hello`
      const pulled = await podman.pull(image)
      assert.equal(pulled.code, 0, pulled.stderr)
      const { stdout, stderr } = await podman.run('run', '--rm', '--network=host', image, 'hello')
      assert.match(stdout, /Hello, world!/, stderr)
    } finally {
      await podman.remove()
    }
  })
})

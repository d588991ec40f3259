import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { nginxProgram, startNginx, type Nginx } from './support/nginx.ts'
import { fetchManifest, type Manifest } from './support/registry.ts'
import { startServer, type TestServer } from './support/server.ts'
import { ask } from './support/wire.ts'

const image = 'jq'
const prefix = '/nixery-blobs/'
const skip = nginxProgram === undefined && 'nginx is not installed (apt-get install nginx-light)'

/** The file that users get, with the addresses of this test in it. */
function deployed(port: number, server: TestServer): string {
  const changes: readonly (readonly [string, string])[] = [
    ['server 127.0.0.1:8080;', `server ${server.host};`],
    ['listen 80;', `listen 127.0.0.1:${port};`],
    ['alias /var/lib/nixery/storage/;', `alias ${server.storage}/;`],
  ]
  const file = readFileSync(join(import.meta.dirname, '../deploy/nginx.conf'), 'utf8')
  return changes.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), from)
    return text.replace(from, to)
  }, file)
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

describe('blobs that the nginx in front sends', { skip }, () => {
  let server: TestServer
  let nginx: Nginx
  let manifest: Manifest
  before(async () => {
    server = await startServer({ NIXERY_ACCEL_REDIRECT: prefix })
    nginx = await startNginx((port) => deployed(port, server))
    manifest = (await fetchManifest(nginx.address, image)).manifest
  })
  after(async () => {
    await nginx.stop()
    await server.stop()
  })

  const first = () => manifest.layers[0] ?? manifest.config
  const get = (headers: readonly string[] = [], method = 'GET') =>
    ask(nginx.address, { method, path: `/v2/${image}/blobs/${first().digest}`, headers })

  it('are answered by the server with their place and no bytes', async () => {
    const { digest } = first()
    const answer = await ask(server.address, { path: `/v2/${image}/blobs/${digest}` })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['x-accel-redirect'], `${prefix}layers/${digest.replace('sha256:', '')}`)
    assert.equal(answer.body.length, 0)
  })

  it('are whole, and have the headers of a registry', async () => {
    for (const { digest, size } of [manifest.config, ...manifest.layers]) {
      const { status, headers, body } = await ask(nginx.address, { path: `/v2/${image}/blobs/${digest}` })
      assert.equal(status, 200)
      assert.equal(body.length, size)
      assert.equal(sha256(body), digest)
      assert.equal(headers['content-length'], `${size}`)
      assert.equal(headers['content-type'], 'application/octet-stream')
      assert.equal(headers['docker-content-digest'], digest)
      assert.equal(headers['docker-distribution-api-version'], 'registry/2.0')
      assert.equal(headers.etag, `"${digest}"`)
      assert.match(headers['cache-control'] ?? '', /immutable/)
      assert.equal(headers['x-accel-redirect'], undefined)
    }
  })

  it('come in ranges too, as long as they are what the client has a part of', async () => {
    const { digest, size } = first()
    const { body: whole } = await get()
    const middle = await get(['range', 'bytes=10-19'])
    assert.equal(middle.status, 206)
    assert.equal(middle.headers['content-range'], `bytes 10-19/${size}`)
    assert.deepEqual(middle.body, whole.subarray(10, 20))
    const rest = await get(['range', `bytes=${size - 7}-`, 'if-range', `"${digest}"`])
    assert.equal(rest.status, 206)
    assert.deepEqual(rest.body, whole.subarray(size - 7))
    const other = await get(['range', 'bytes=0-1', 'if-range', '"sha256:other"'])
    assert.equal(other.status, 200)
    assert.deepEqual(other.body, whole)
    assert.equal((await get(['range', `bytes=${size}-`])).status, 416)
  })

  it('are told of by HEAD, and not sent to who has them', async () => {
    const { digest, size } = first()
    const head = await get([], 'HEAD')
    assert.equal(head.status, 200)
    assert.equal(head.headers['content-length'], `${size}`)
    assert.equal(head.headers['docker-content-digest'], digest)
    assert.equal((await get(['if-none-match', `"${digest}"`])).status, 304)
  })

  it('cannot be had by their place, nor when they do not exist', async () => {
    const { digest } = first()
    const direct = await ask(nginx.address, { path: `${prefix}layers/${digest.replace('sha256:', '')}` })
    assert.equal(direct.status, 404)
    const missing = await ask(nginx.address, { path: `/v2/${image}/blobs/sha256:${'0'.repeat(64)}` })
    assert.equal(missing.status, 404)
    assert.match(missing.body.toString(), /BLOB_UNKNOWN/)
  })
})

describe('handing blobs over to nginx', () => {
  it('is refused where the storage has no files', async () => {
    await assert.rejects(
      startServer({ NIXERY_ACCEL_REDIRECT: prefix, NIXERY_STORAGE_BACKEND: 's3', S3_BUCKET: 'b' }),
      /NIXERY_ACCEL_REDIRECT is for files that nginx can read/,
    )
  })
})

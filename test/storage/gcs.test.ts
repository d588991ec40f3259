import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { gcsServer, whyMissing } from '../../setup/storageServers.js'
import { StorageFailed } from '../../src/errors.ts'
import { digestOf, hexOf } from '../../src/oci/digest.ts'
import { storageContract } from '../../src/storage/contract.testing.ts'
import { createClient } from '../../src/storage/gcs/client.ts'
import { createGcsStorage } from '../../src/storage/gcs/gcs.ts'
import { GcsLinks } from '../../src/storage/gcs/links.ts'
import type { GcsOptions } from '../../src/storage/gcs/options.ts'
import { fetchManifest } from '../support/registry.ts'
import { startServer } from '../support/server.ts'
import { bucketContract, type Smuggle } from './bucketContract.ts'
import { startGcs, type TestGcs } from './gcsServer.ts'
import { createServiceAccount } from './serviceAccount.ts'

const linkLifetime = 60
const credentials = 'GOOGLE_APPLICATION_CREDENTIALS'
const emulator = 'STORAGE_EMULATOR_HOST'

describe('Google Cloud Storage', { skip: whyMissing(gcsServer) ?? false }, () => {
  let gcs: TestGcs
  let options: GcsOptions
  let spool: string
  before(async () => {
    // Nobody is to look for the machine's own account.
    process.env['METADATA_SERVER_DETECTION'] = 'none'
    gcs = await startGcs()
    options = await gcs.bucket('some/where')
    spool = await mkdtemp(join(tmpdir(), 'nixery-spool-'))
  })
  afterEach(() => {
    delete process.env[credentials]
    delete process.env[emulator]
  })
  after(async () => {
    await gcs.stop()
    await rm(spool, { recursive: true })
  })

  const open = () => createGcsStorage(options, spool, linkLifetime)

  const smuggle: Smuggle = (key, content, note) =>
    createClient(options)
      .bucket(options.bucket)
      .file(`${options.prefix}/${key}`)
      .save(content, note ? { metadata: { metadata: note } } : {})

  storageContract('gcs', open)
  bucketContract(open, smuggle)

  it('signs links with the key of a service account, for as long as it is told', async () => {
    const account = createServiceAccount()
    process.env[credentials] = join(spool, 'account.json')
    await writeFile(process.env[credentials], account.file)
    const { blobs, urls } = await open()
    const { digest } = await blobs.put(async (sink) => void sink.write('signed for'))
    const link = await urls?.url(digest)
    assert.ok(link)
    assert.equal(link.origin, gcs.endpoint)
    assert.equal(link.searchParams.get('X-Goog-Algorithm'), 'GOOG4-RSA-SHA256')
    assert.ok(Number(link.searchParams.get('X-Goog-Expires')) <= linkLifetime)
    assert.ok(account.signed(link), link.href)
    const altered = new URL(link)
    altered.searchParams.set('X-Goog-Expires', '3600')
    assert.ok(!account.signed(altered))
    assert.equal(await (await fetch(link)).text(), 'signed for')
  })

  it('gives plain links where nothing can be signed and everybody may read', async () => {
    const { blobs, urls } = await open()
    const { digest } = await blobs.put(async (sink) => void sink.write('public'))
    const link = await urls?.url(digest)
    assert.equal(link?.href, `${gcs.endpoint}/${options.bucket}/some/where/layers/${hexOf(digest)}`)
    assert.equal(await (await fetch(link)).text(), 'public')
  })

  it('gives no links where nothing can be signed and not everybody may read', async () => {
    const closed = createServer((_request, response) => response.writeHead(403).end())
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const address = closed.address()
    assert.ok(address !== null && typeof address === 'object')
    const elsewhere = { ...options, endpoint: `http://127.0.0.1:${address.port}` }
    try {
      const links = new GcsLinks(createClient(elsewhere), elsewhere, linkLifetime)
      assert.equal(await links.url(digestOf('closed')), undefined)
    } finally {
      closed.close()
    }
  })

  it('says that a bucket does not exist, and fails when the server is gone', async () => {
    await assert.rejects(
      createGcsStorage({ ...options, bucket: 'no-such-bucket' }, spool, linkLifetime),
      (error) => error instanceof StorageFailed && /there is no such bucket/.test(error.message),
    )
    const gone = { ...options, endpoint: 'http://127.0.0.1:1' }
    await assert.rejects(createGcsStorage(gone, spool, linkLifetime), StorageFailed)
  })

  it('keeps the images of a server that is told of the bucket by its environment', async () => {
    process.env[emulator] = gcs.endpoint
    const variables = { NIXERY_STORAGE_BACKEND: 'gcs', GCS_BUCKET: options.bucket, GCS_PREFIX: 'images' }
    for (const [downloads, status] of [
      ['redirect', 307],
      ['proxy', 200],
    ] as const) {
      const server = await startServer({ ...variables, NIXERY_DOWNLOADS: downloads })
      try {
        const { manifest } = await fetchManifest(server.address, 'hello')
        const digest = manifest.layers[0]?.digest
        const path = `${server.address}/v2/hello/blobs/${digest}`
        assert.equal((await fetch(path, { redirect: 'manual' })).status, status)
        assert.equal(digestOf(Buffer.from(await (await fetch(path)).arrayBuffer())), digest)
      } finally {
        await server.stop()
      }
    }
  })
})

import { HeadObjectCommand, ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { s3Server, whyMissing } from '../../setup/storageServers.js'
import { StorageFailed } from '../../src/errors.ts'
import { digestOf, hexOf } from '../../src/oci/digest.ts'
import { storageContract } from '../../src/storage/contract.testing.ts'
import type { S3Options } from '../../src/storage/s3/options.ts'
import { createS3Storage } from '../../src/storage/s3/s3.ts'
import { bucketContract, type Smuggle } from './bucketContract.ts'
import { keys, startS3, type TestS3 } from './s3Server.ts'

const linkLifetime = 60

describe('S3', { skip: whyMissing(s3Server) ?? false }, () => {
  let s3: TestS3
  let options: S3Options
  let spool: string
  before(async () => {
    s3 = await startS3()
    options = await s3.bucket('some/where')
    spool = await mkdtemp(join(tmpdir(), 'nixery-spool-'))
  })
  after(async () => {
    await s3.stop()
    await rm(spool, { recursive: true })
  })

  const open = (other: Partial<S3Options> = {}) =>
    createS3Storage({ ...options, ...other }, spool, linkLifetime)

  const smuggle: Smuggle = (key, content, note) =>
    s3.client.send(
      new PutObjectCommand({
        Bucket: options.bucket,
        Key: `${options.prefix}/${key}`,
        Body: content,
        ...(note && { Metadata: note }),
      }),
    )

  storageContract('s3', () => open())
  bucketContract(open, smuggle)

  it('notes on a blob what it was when it was put, and leaves nothing on the local disk', async () => {
    const { blobs } = await open()
    const { digest } = await blobs.put(async (sink) => void sink.write('noted'))
    const key = `${options.prefix}/layers/${hexOf(digest)}`
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: options.bucket, Key: key }))
    assert.deepEqual(head.Metadata, { digest, size: '5' })
    assert.equal(head.ContentType, 'application/octet-stream')
    assert.deepEqual(await readdir(spool), [])
  })

  it('keeps buckets and prefixes apart', async () => {
    const { records } = await open()
    await records.put('apart/one', 1)
    for (const other of [await s3.bucket('some/where'), { prefix: 'some/where/else' }, { prefix: '' }]) {
      const storage = await open(other)
      assert.equal(await storage.records.get('apart/one'), undefined)
      assert.deepEqual(await Array.fromAsync(storage.objects.list('apart')), [])
    }
  })

  it('says what is wrong with a bucket, its address or the keys', async () => {
    await assert.rejects(open({ bucket: 'no-such-bucket' }), /StorageFailed: .*there is no such bucket/)
    await assert.rejects(open({ endpoint: 'http://127.0.0.1:1' }), /nothing listens there/)
    const secret = keys.AWS_SECRET_ACCESS_KEY
    try {
      process.env['AWS_SECRET_ACCESS_KEY'] = randomUUID()
      await assert.rejects(open(), /the secret key is not that of the access key/)
    } finally {
      process.env['AWS_SECRET_ACCESS_KEY'] = secret
    }
  })

  it('fails, and does not call things missing, when the server is gone', async () => {
    const gone = await startS3()
    const storage = await createS3Storage(await gone.bucket(), spool, linkLifetime)
    await gone.stop()
    const digest = digestOf('gone')
    await assert.rejects(storage.blobs.stat(digest), StorageFailed)
    await assert.rejects(storage.records.get('a/b'), StorageFailed)
    await assert.rejects(Array.fromAsync(storage.objects.list('layers')), StorageFailed)
    await assert.rejects(
      storage.blobs.put(async (sink) => void sink.write('gone')),
      StorageFailed,
    )
    assert.deepEqual(await readdir(spool), [])
  })

  it('leaves no parts of an upload that was cut short', async () => {
    const cut = await s3.bucket()
    const { blobs } = await createS3Storage(cut, spool, linkLifetime)
    const attempt = blobs.put(async (sink) => {
      sink.write(randomBytes(20_000_000))
      throw new Error('the writer failed')
    })
    await assert.rejects(attempt)
    const { Uploads } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: cut.bucket }))
    assert.deepEqual(Uploads ?? [], [])
  })

  it('refuses a link that was altered', async () => {
    const { blobs, urls } = await open()
    const { digest } = await blobs.put(async (sink) => void sink.write('linked'))
    const link = await urls?.url(digest)
    assert.ok(link)
    assert.equal((await fetch(link)).status, 200)
    const signature = link.searchParams.get('X-Amz-Signature') ?? ''
    const otherEnd = (text: string) => text.replace(/.$/, (end) => (end === '0' ? '1' : '0'))
    const alterations: ((url: URL) => void)[] = [
      (url) => url.searchParams.set('X-Amz-Signature', otherEnd(signature)),
      (url) => url.searchParams.set('X-Amz-Expires', '3600'),
      (url) => (url.pathname = otherEnd(url.pathname)),
      (url) => (url.search = ''),
    ]
    for (const alter of alterations) {
      const forged = new URL(link)
      alter(forged)
      assert.equal((await fetch(forged)).status, 403, forged.href)
    }
  })

  it('refuses a link that has expired', async () => {
    const { blobs, urls } = await createS3Storage(options, spool, 1)
    const { digest } = await blobs.put(async (sink) => void sink.write('expiring'))
    const link = await urls?.url(digest)
    assert.ok(link)
    await setTimeout(2_500)
    assert.equal((await fetch(link)).status, 403)
  })
})

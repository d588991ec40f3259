import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, it } from 'node:test'
import { s3Server, whyMissing } from '../../setup/storageServers.js'
import { Collector } from '../../src/gc/collector.ts'
import { createS3Storage } from '../../src/storage/s3/s3.ts'
import { startS3, type TestS3 } from '../storage/s3Server.ts'
import { startServer } from '../support/server.ts'
import { bytesOf, pullAndCollect } from './rounds.ts'
import { writeTinySet } from './tinySet.ts'

/** Seconds. S3 tells times by the second. */
const grace = 8

describe('garbage collection in S3', { skip: whyMissing(s3Server) ?? false }, () => {
  let s3: TestS3
  let folder: string
  before(async () => {
    s3 = await startS3()
    folder = await mkdtemp(join(tmpdir(), 'nixery-gc-s3-'))
  })
  after(async () => {
    await s3.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('breaks no pull from two servers, one with copies, one that sends clients to the bucket', async (context) => {
    const options = await s3.bucket('nixery')
    const variables = {
      ...s3.variables(options),
      NIXERY_PKGS_PATH: await writeTinySet(folder),
      NIXERY_WORKERS: '1',
      NIXERY_GC_GRACE: `${grace}s`,
      NIXERY_QUEUE: '1000',
    }
    const servers = [
      await startServer({ ...variables, NIXERY_DOWNLOADS: 'redirect' }),
      await startServer({
        ...variables,
        NIXERY_DOWNLOADS: 'proxy',
        NIXERY_CACHE_PATH: join(folder, 'cache'),
        NIXERY_CACHE_SIZE: '200000',
      }),
    ] as const
    context.after(() => Promise.all(servers.map((server) => server.stop())))
    const storage = await createS3Storage(options, join(folder, 'spool'), undefined)
    const size = 700_000
    const { totals } = await pullAndCollect({
      addresses: [servers[0].address, servers[1].address],
      storage,
      size,
      grace,
      pullsAtOnce: 24,
      seconds: 10,
      rounds: 3,
    })
    await sleep((grace + 2) * 1000)
    await new Collector(storage, { size, grace }).collect()
    const after = await bytesOf(storage)
    context.diagnostic(JSON.stringify({ ...totals, after }))
    assert.ok(after <= size, `${after} bytes stay`)
    assert.ok(totals.blobs > 10, JSON.stringify(totals))
  })
})

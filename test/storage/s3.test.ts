import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { s3Server, whyMissing } from '../../setup/storageServers.js'
import { storageContract } from '../../src/storage/contract.ts'
import { createS3Storage } from '../../src/storage/s3/s3.ts'
import type { S3Options } from '../../src/storage/s3/options.ts'
import { startS3, type TestS3 } from './s3Server.ts'

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

  storageContract('s3', () => createS3Storage(options, spool, linkLifetime))
})

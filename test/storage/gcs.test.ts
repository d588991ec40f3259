import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { gcsServer, whyMissing } from '../../setup/storageServers.js'
import { storageContract } from '../../src/storage/contract.ts'
import { createGcsStorage } from '../../src/storage/gcs/gcs.ts'
import type { GcsOptions } from '../../src/storage/gcs/options.ts'
import { startGcs, type TestGcs } from './gcsServer.ts'

const linkLifetime = 60

describe('Google Cloud Storage', { skip: whyMissing(gcsServer) ?? false }, () => {
  let gcs: TestGcs
  let options: GcsOptions
  let spool: string
  before(async () => {
    gcs = await startGcs()
    options = await gcs.bucket('some/where')
    spool = await mkdtemp(join(tmpdir(), 'nixery-spool-'))
  })
  after(async () => {
    await gcs.stop()
    await rm(spool, { recursive: true })
  })

  storageContract('gcs', () => createGcsStorage(options, spool, linkLifetime))
})

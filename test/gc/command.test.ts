import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { keysOf, putText } from '../../src/gc/testing.ts'
import { encodeConfig } from '../../src/oci/config.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { encodeManifest } from '../../src/oci/manifest.ts'
import { mediaTypes } from '../../src/oci/mediaTypes.ts'
import { createFilesystemStorage } from '../../src/storage/filesystem/filesystem.ts'
import type { Storage } from '../../src/storage/interfaces.ts'
import { run } from '../support/clients.ts'

let folder: string
let storage: Storage
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-gc-command-'))
  storage = await createFilesystemStorage(folder)
})
after(() => rm(folder, { recursive: true }))

const day = 24 * 60 * 60

function gc(...args: readonly string[]) {
  const program = join(import.meta.dirname, '../../bin/nixery.js')
  return run(process.execPath, [program, 'gc', ...args], {
    NIXERY_PKGS_PATH: folder,
    STORAGE_PATH: folder,
    NIXERY_GC_KEEP: '30d',
  })
}

/** An image of one layer, as large as it is told, that nobody has pulled since it was made. */
async function storeImage(title: string, daysAgo: number, layer: Buffer): Promise<Digest> {
  const config = encodeConfig({
    platform: { os: 'linux', architecture: 'amd64' },
    created: 0,
    env: [],
    labels: { 'org.opencontainers.image.title': title },
    diffIDs: [],
    history: [],
  })
  const manifest = encodeManifest(config.descriptor, [
    { mediaType: mediaTypes.ociLayerGzip, ...(await putText(storage, layer)) },
  ])
  for (const bytes of [config.bytes, manifest.bytes]) await putText(storage, bytes)
  const key = `manifests/${title.replaceAll('/', '+')}`
  await storage.records.put(key, manifest.descriptor)
  const made = Date.now() / 1000 - daysAgo * day
  await utimes(join(folder, key), made, made)
  return manifest.descriptor.digest
}

async function ageBlobs(): Promise<void> {
  const old = Date.now() / 1000 - 50 * day
  for (const key of await keysOf(storage, 'layers')) await utimes(join(folder, key), old, old)
}

function short(digest: Digest): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12)
}

it('gc --dry-run shows a table of what would go and why, and gc does what it says', async () => {
  const old = await storeImage('git/htop', 41, Buffer.alloc(3 << 20, 1))
  await storeImage('jq', 3, Buffer.alloc(1 << 20, 2))
  const orphan = await putText(storage, Buffer.alloc(5 << 10, 3))
  await ageBlobs()
  const blobs = await keysOf(storage, 'layers')

  const dry = await gc('--dry-run')
  assert.equal(dry.stderr, '')
  const image = `image git/htop (amd64) ${short(old)}`
  const blob = `blob ${short(orphan.digest)}`
  const column = image.length
  assert.deepEqual(dry.stdout.split('\n'), [
    `${'WHAT'.padEnd(column)}    BYTES  LAST PULL  WHY`,
    `${image}  3.0 MiB  41 d       not pulled for too long`,
    `${blob.padEnd(column)}  5.0 KiB             no image needs it`,
    '',
    '3.0 MiB in 4 of 7 blobs would go, and 1 records; 1.0 MiB would stay.',
    '',
  ])
  assert.equal(dry.code, 0)
  assert.deepEqual(await keysOf(storage, 'layers'), blobs)

  const done = await gc()
  assert.equal(done.stdout, '3.0 MiB in 4 blobs are gone, and 1 records; 1.0 MiB stay.\n')
  assert.equal(done.code, 0)
  assert.equal((await keysOf(storage, 'layers')).size, 3)
  assert.deepEqual(await keysOf(storage, 'manifests'), new Set(['manifests/jq']))
  await assert.rejects(stat(join(folder, 'manifests/git+htop')))
  assert.match(
    (await gc('--dry-run')).stdout,
    /^0 B in 0 of 3 blobs would go, and 0 records; .* would stay\.\n$/,
  )
})

it('gc takes no other word', async () => {
  const { code, stderr } = await gc('now')
  assert.equal(code, 2)
  assert.match(stderr, /gc takes nothing but --dry-run/)
})

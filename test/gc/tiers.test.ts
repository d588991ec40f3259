import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, it } from 'node:test'
import { startServer } from '../support/server.ts'
import { pull } from './pull.ts'
import { writeTinySet } from './tinySet.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-tiers-'))
})
after(() => rm(folder, { recursive: true, force: true }))

describe('a server with copies before its storage', () => {
  it('serves what it knows while the storage is gone, builds nothing, says so, and goes on afterwards', async (context) => {
    const storage = join(folder, 'storage')
    const server = await startServer({
      STORAGE_PATH: storage,
      NIXERY_CACHE_PATH: join(folder, 'cache'),
      NIXERY_PKGS_PATH: await writeTinySet(folder),
      // So short that leases have to be renewed while the storage is gone.
      NIXERY_GC_GRACE: '2s',
    })
    context.after(() => server.stop())
    const digest = await pull([server.address], 'p1', 0, '*/*')
    // A file where a folder was: every request fails, as when a disk is gone.
    await rename(storage, `${storage}.away`)
    await writeFile(storage, '')
    await sleep(1_500)
    for (let times = 0; times < 5; times++) {
      assert.equal(await pull([server.address], 'p1', 0, '*/*'), digest)
    }
    const refused = await fetch(`${server.address}/v2/p2/manifests/latest`)
    assert.equal(refused.status, 503)
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/)
    const ready = await fetch(`${server.address}/readyz`)
    assert.equal(ready.status, 503)
    assert.match(await ready.text(), /"name":"storage","ok":false/)

    await rm(storage)
    await rename(`${storage}.away`, storage)
    const deadline = performance.now() + 30_000
    while ((await fetch(`${server.address}/readyz`)).status !== 200) {
      assert.ok(performance.now() < deadline, 'the server does not get ready again')
      await sleep(200)
    }
    await pull([server.address], 'p2', 0)
  })
})

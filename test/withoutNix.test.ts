import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { bareCommand, startChildServer } from './support/childServer.ts'
import { fetchError, fetchManifest } from './support/registry.ts'
import { startServer } from './support/server.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-without-'))
})
after(() => rm(folder, { recursive: true, force: true }))

describe('a new combination of known packages', () => {
  it('needs no Nix, on another server of the same storage either, and is the same image', async () => {
    const one = await startServer()
    for (const name of ['htop', 'jq', 'python3/python3packages.requests'])
      await fetchManifest(one.address, name)
    const other = await startChildServer(folder, { STORAGE_PATH: one.storage, PATH: folder }, bareCommand)
    const name = 'htop/jq/python3/python3packages.requests'
    const without = await fetchManifest(other.address, name)
    const { status, message } = await fetchError(`${other.address}/v2/htop/hello/manifests/latest`)
    await other.end('SIGTERM')
    await one.stop()
    const fresh = await startServer()
    const built = await fetchManifest(fresh.address, name)
    await fresh.stop()
    assert.equal(without.digest, built.digest)
    assert.equal(status, 503)
    assert.match(message, /nix-instantiate/)
  })
})

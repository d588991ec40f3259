import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startChildServer } from './support/childServer.ts'
import { fetchManifest } from './support/registry.ts'
import { saltedSet, startServer } from './support/server.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-durable-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const name = 'shell/git/htop'

/** Fetches config and layers, and holds each against its digest and size. */
async function verify(address: string, image: string): Promise<string> {
  const { digest, manifest } = await fetchManifest(address, image)
  for (const blob of [manifest.config, ...manifest.layers]) {
    const response = await fetch(`${address}/v2/${image}/blobs/${blob.digest}`)
    const bytes = Buffer.from(await response.arrayBuffer())
    assert.equal(bytes.length, blob.size)
    assert.equal(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, blob.digest)
  }
  return digest
}

describe('an image', () => {
  it('has one digest on two servers, and after a restart', async () => {
    const [one, other] = await Promise.all([startServer(), startServer({ NIXERY_WORKERS: '1' })])
    const digests = await Promise.all([verify(one.address, name), verify(other.address, name)])
    await other.stop()
    const again = await startServer({ STORAGE_PATH: one.storage })
    digests.push(await verify(again.address, name))
    await again.stop()
    await one.stop()
    assert.equal(new Set(digests).size, 1)
  })

  it('has one digest when two servers of one storage build it at the same moment', async () => {
    const one = await startServer()
    const other = await startServer({ STORAGE_PATH: one.storage })
    const digests = await Promise.all([one, other].map(({ address }) => verify(address, name)))
    await other.stop()
    await one.stop()
    assert.equal(new Set(digests).size, 1)
  })

  it('is built once for all who ask at the same time', async () => {
    const server = await startChildServer(join(folder, 'once'))
    const images = await Promise.all(Array.from({ length: 8 }, () => fetchManifest(server.address, name)))
    assert.equal(new Set(images.map(({ digest }) => digest)).size, 1)
    assert.equal(server.log.filter((line) => line.includes('build started')).length, 1)
    assert.equal(await server.end('SIGTERM'), 0)
  })

  it('is whole after the server was killed while packing it', async () => {
    const storage = join(folder, 'killed')
    const server = await startChildServer(storage)
    const lost = fetchManifest(server.address, name).catch(() => 'lost')
    await server.waitFor('plan done')
    assert.equal(await server.end('SIGKILL'), 'SIGKILL')
    assert.equal(await lost, 'lost')
    assert.deepEqual(await readdir(join(storage, 'storage')).then((all) => all.includes('manifests')), false)
    const restarted = await startChildServer(storage)
    assert.deepEqual(await readdir(join(storage, 'storage', 'tmp')), [])
    await verify(restarted.address, name)
    assert.equal(await restarted.end('SIGTERM'), 0)
  })

  it('is built on when the client that asked for it leaves', async () => {
    const server = await startChildServer(join(folder, 'left'))
    const leaving = new AbortController()
    const asked = fetch(`${server.address}/v2/${name}/manifests/latest`, { signal: leaving.signal })
    await server.waitFor('build started')
    leaving.abort()
    await assert.rejects(asked)
    await server.waitFor('build finished')
    await verify(server.address, name)
    assert.equal(server.log.filter((line) => line.includes('build started')).length, 1)
    assert.equal(await server.end('SIGTERM'), 0)
  })

  it('is made anew where its layers were cut or lost', async () => {
    const server = await startServer()
    const { manifest } = await fetchManifest(server.address, 'hello')
    const [cut, lost] = manifest.layers.map(({ digest }) => join(server.storage, 'layers', digest.slice(7)))
    await truncate(cut ?? '', 100)
    await rm(lost ?? '')
    for (const { digest } of manifest.layers.slice(0, 2)) {
      assert.equal((await fetch(`${server.address}/v2/hello/blobs/${digest}`)).status, 404)
    }
    await verify(server.address, 'hello')
    await server.stop()
  })
})

describe('a build', () => {
  it('that writes a megabyte to stderr is streamed to the log and ends', async () => {
    const server = await startChildServer(join(folder, 'noisy'), {
      NIXERY_PKGS_PATH: await saltedSet(folder),
    })
    await fetchManifest(server.address, 'demo-noisy')
    const logged = server.log.filter((line) => line.includes('demo-noisy')).join('').length
    assert.ok(logged > 1_000_000, `only ${logged} bytes were logged`)
    assert.equal(await server.end('SIGTERM'), 0)
  })

  it('that runs when the server stops is ended, and its client told', async () => {
    const server = await startChildServer(join(folder, 'stop'), {
      NIXERY_STOP_TIMEOUT: '1',
      NIXERY_PKGS_PATH: await saltedSet(folder),
    })
    const answer = fetch(`${server.address}/v2/demo-hangs/manifests/latest`)
    await server.waitFor('building /nix/store')
    const ended = server.end('SIGTERM')
    assert.equal((await answer).status, 503)
    assert.equal(await ended, 0)
  })

  it('that takes longer than the deadline is refused, saying so', async () => {
    const server = await startServer({
      NIXERY_BUILD_DEADLINE: '2',
      NIXERY_PKGS_PATH: await saltedSet(folder),
    })
    const response = await fetch(`${server.address}/v2/demo-hangs/manifests/latest`)
    assert.equal(response.status, 403)
    assert.match(await response.text(), /not ready after 2 s/)
    await server.stop()
  })

  it('for which there is no place is refused, saying when to try again', async () => {
    const server = await startChildServer(join(folder, 'full'), {
      NIXERY_BUILDS: '1',
      NIXERY_QUEUE: '0',
      NIXERY_STOP_TIMEOUT: '0',
      NIXERY_PKGS_PATH: await saltedSet(folder),
    })
    const running = fetch(`${server.address}/v2/demo-hangs/manifests/latest`)
    await server.waitFor('build started')
    const answer = await fetch(`${server.address}/v2/hello/manifests/latest`)
    assert.equal(answer.status, 429)
    assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
    assert.match(await answer.text(), /TOOMANYREQUESTS.*queue is full/)
    assert.equal(await server.end('SIGTERM'), 0)
    assert.equal((await running).status, 503)
  })
})

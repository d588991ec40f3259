import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { mediaTypes } from '../src/oci/mediaTypes.ts'
import { startChildServer } from './support/childServer.ts'
import { fetchManifest } from './support/registry.ts'
import { saltedSet, startServer } from './support/server.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-recovery-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Whether a process runs whose command line has the text. */
function runs(text: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
    } catch {
      return false
    }
  })
}

describe('what got damaged', () => {
  it('is missed once by its digest, and is there again for who pulls by tag', async () => {
    const server = await startServer()
    const { digest } = await fetchManifest(server.address, 'hello')
    await appendFile(join(server.storage, 'layers', digest.slice(7)), ' ')
    const url = `${server.address}/v2/hello/manifests/`
    assert.equal((await fetch(url + digest)).status, 404)
    assert.equal((await fetchManifest(server.address, 'hello')).digest, digest)
    assert.equal((await fetch(url + digest)).status, 200)
    await server.stop()
  })

  it('does not keep Docker from an image whose layers are zstd', async () => {
    const server = await startServer({ NIXERY_LAYER_COMPRESSION: 'zstd' })
    const docker = () => fetchManifest(server.address, 'hello', 'latest', mediaTypes.dockerManifest)
    const { manifest } = await docker()
    const [layer] = manifest.layers
    await appendFile(join(server.storage, 'layers', layer?.digest.slice(7) ?? ''), ' ')
    const blob = () => fetch(`${server.address}/v2/hello/blobs/${layer?.digest}`, { method: 'HEAD' })
    assert.equal((await blob()).status, 404)
    assert.deepEqual((await docker()).manifest, manifest)
    assert.equal((await blob()).status, 200)

    const oci = await fetchManifest(server.address, 'hello')
    await rm(join(server.storage, 'layers', oci.manifest.layers[0]?.digest.slice(7) ?? ''))
    await rm(join(server.storage, 'layers', layer?.digest.slice(7) ?? ''))
    assert.equal((await blob()).status, 404)
    assert.deepEqual((await docker()).manifest, manifest)
    await server.stop()
  })
})

describe('a server that is told to stop', () => {
  it('does not wait for a client that has stopped reading', async () => {
    const server = await startChildServer(join(folder, 'stalled'), { NIXERY_STOP_TIMEOUT: '1' })
    const { manifest } = await fetchManifest(server.address, 'python3')
    const largest = manifest.layers.toSorted((a, b) => b.size - a.size)[0]
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`GET /v2/python3/blobs/${largest?.digest} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await new Promise((resolve) => socket.once('readable', resolve))
    assert.equal(await server.end('SIGTERM'), 0)
    socket.destroy()
  })

  it('and told again, takes its builders with it', async () => {
    const set = await saltedSet(folder)
    const server = await startChildServer(join(folder, 'twice'), {
      NIXERY_STOP_TIMEOUT: '600',
      NIXERY_PKGS_PATH: set,
    })
    const asked = fetch(`${server.address}/v2/demo-hangs/manifests/latest`).then(
      ({ status }) => status,
      () => 'gone',
    )
    await server.waitFor('building /nix/store')
    const derivation = /\/nix\/store\/\S+-demo-hangs-1\.0\.drv/.exec(server.log.join('\n'))?.[0] ?? 'none'
    assert.ok(runs(derivation))
    process.kill(server.pid, 'SIGTERM')
    await server.waitFor('stopping')
    assert.equal(await server.end('SIGTERM'), 1)
    assert.ok(['gone', 503].includes(await asked))
    while (runs(derivation)) await sleep(50)
  })
})

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fetchError, fetchManifest } from './support/registry.ts'
import { saltedSet, startServer, type TestServer } from './support/server.ts'

let server: TestServer
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-names-'))
  server = await startServer({ NIX_TIMEOUT: '3', NIXERY_PKGS_PATH: await saltedSet(folder) })
})
after(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

describe('what a bad request gets', () => {
  const get = (name: string, tag = 'latest') =>
    fetchError(`${server.address}/v2/${encodeURI(name)}/manifests/${tag}`)

  for (const [name, rule] of [
    ['Git', /capitals/],
    ['a..b', /may only stand between/],
    ['git|sh', /character "\|"/],
    ['git%00', /character/],
    ['git//htop', /empty component/],
    [Array.from({ length: 33 }, () => 'a').join('/'), /33 components/],
    ['a'.repeat(300), /300 characters/],
  ] as const) {
    it(`${name.slice(0, 20)} breaks a rule, and is told which`, async () => {
      const { status, code, message } = await get(name)
      assert.deepEqual([status, code], [400, 'NAME_INVALID'])
      assert.match(message, rule)
    })
  }

  it('a name of 8,000 characters never reaches Nix', async () => {
    assert.equal((await get('a'.repeat(8000))).code, 'NAME_INVALID')
  })

  it('a package that does not exist is named, with what is close to it', async () => {
    const { status, code, message, detail } = await get('gti/htop/nonexistent-thing')
    assert.deepEqual([status, code], [404, 'MANIFEST_UNKNOWN'])
    assert.match(message, /'gti' .*did you mean .*git/)
    assert.match(message, /'nonexistent-thing'/)
    assert.doesNotMatch(message, /'htop'/)
    assert.ok(detail)
  })

  it('a meta-package that is mistyped is close to the right one', async () => {
    assert.match((await get('shel/hello')).message, /'shel' .*did you mean .*shell/)
    assert.match((await get('arm46/hello')).message, /'arm46' .*did you mean .*arm64/)
  })

  it('a tag that a folder does not have is 404, saying what it has', async () => {
    const { status, code, message } = await get('hello', 'nixos-26.05')
    assert.deepEqual([status, code], [404, 'MANIFEST_UNKNOWN'])
    assert.match(message, /latest/)
  })

  it('an unfree package is refused with the sentence of its package set', async () => {
    const { status, code, message } = await get('demo-unfree')
    assert.deepEqual([status, code], [403, 'DENIED'])
    assert.match(message, /unfree license.*refusing to evaluate/s)
    assert.doesNotMatch(message, /error:/)
  })

  it('a broken package is refused, saying that it is broken', async () => {
    const { status, message } = await get('demo-broken')
    assert.equal(status, 403)
    assert.match(message, /broken/)
  })

  it('a build that fails is refused with the end of its log', async () => {
    const { status, code, message, detail } = await get('demo-fails')
    assert.deepEqual([status, code], [403, 'DENIED'])
    assert.match(message, /demo-fails/)
    assert.match(message, /last lines of its log/)
    assert.match(JSON.stringify(detail), /"derivation":"\/nix\/store\/.*demo-fails.*\.drv"/)
  })

  it('a build that never ends is refused, saying that its time was up', async () => {
    const { status, code, message } = await get('demo-hangs')
    assert.deepEqual([status, code], [403, 'DENIED'])
    assert.match(message, /timed out|time/)
    assert.match(message, /3 (s|seconds)/)
  })

  it('HEAD is answered as GET is, without a body', async () => {
    const response = await fetch(`${server.address}/v2/demo-unfree/manifests/latest`, { method: 'HEAD' })
    assert.equal(response.status, 403)
    assert.equal(await response.text(), '')
    // The only words that a client sees which asks with HEAD.
    assert.match(response.statusText, /unfree license.*refusing to evaluate/)
  })
})

describe('names', () => {
  it('in any order are one image', async () => {
    const one = await fetchManifest(server.address, 'jq/hello')
    const other = await fetchManifest(server.address, 'hello/jq/hello')
    assert.equal(one.digest, other.digest)
  })

  it('find attributes whatever their case, nested or with an underscore in front', async () => {
    for (const name of ['perlpackages.dbi', '7zz', 'haskellpackages.shellcheck']) {
      const { manifest } = await fetchManifest(server.address, name)
      assert.ok(manifest.layers.length > 1, name)
    }
  })
})

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { ask, errorOf } from '../support/wire.ts'
import { basic, startAccessServer, users, type AccessServer } from './accessServer.ts'

let server: AccessServer
let jq: { readonly digest: string; readonly config: string; readonly layers: readonly string[] }

const alice = basic('alice', users.alice)
const bob = basic('bob', users.bob)
const get = (path: string, headers: readonly string[]) => ask(server.address, { path, headers })

const manifestSchema = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string() })),
})

before(async () => {
  server = await startAccessServer(`users: { htpasswd: users }
default: deny
rules:
  - { who: ['user:alice'], action: allow }
  - { who: ['user:bob'], packages: [hello], action: allow }
  - { who: ['user:bob'], packages: [jq], action: deny, message: ask platform@example.org for jq }
`)
  const answer = await get('/v2/jq/manifests/latest', alice)
  assert.equal(answer.status, 200)
  const { config, layers } = manifestSchema.parse(JSON.parse(answer.body.toString()))
  jq = {
    digest: answer.headers['docker-content-digest'] ?? '',
    config: config.digest,
    layers: layers.map(({ digest }) => digest),
  }
  assert.equal((await get('/v2/hello/manifests/latest', bob)).status, 200)
})
after(() => server.stop())

describe('a digest', () => {
  it('is served under the name whose image refers to it', async () => {
    assert.equal((await get(`/v2/jq/manifests/${jq.digest}`, alice)).status, 200)
    for (const digest of [jq.config, ...jq.layers, jq.digest])
      assert.equal((await get(`/v2/jq/blobs/${digest}`, alice)).status, 200, digest)
  })

  it('is not served under the name of another image, whoever asks', async () => {
    for (const who of [alice, bob]) {
      assert.equal((await get(`/v2/hello/manifests/${jq.digest}`, who)).status, 404)
      for (const digest of [jq.config, jq.digest]) {
        const answer = await get(`/v2/hello/blobs/${digest}`, who)
        assert.equal(answer.status, 404)
        assert.equal(errorOf(answer).code, 'BLOB_UNKNOWN')
      }
    }
  })

  it('is not served to those who may not pull the name, and they cannot find out whether it exists', async () => {
    for (const digest of [jq.config, `sha256:${'0'.repeat(64)}`]) {
      const answer = await get(`/v2/jq/blobs/${digest}`, bob)
      assert.equal(answer.status, 403)
      assert.equal(errorOf(answer).message, 'ask platform@example.org for jq')
    }
  })

  it('may not be kept by caches that several people share', async () => {
    for (const path of [`/v2/jq/blobs/${jq.config}`, `/v2/jq/manifests/${jq.digest}`]) {
      const { headers } = await get(path, alice)
      assert.match(headers['cache-control'] ?? '', /^private, /)
    }
  })
})

describe('names that go around a rule', () => {
  for (const name of ['jq.out', 'hello/jq', 'jq/hello', 'pkgs.jq', 'amd64/jq', 'jq.bin', 'hello/jq.out'])
    it(`${name} is refused like jq`, async () => {
      const answer = await get(`/v2/${name}/manifests/latest`, bob)
      assert.equal(answer.status, 403, answer.body.toString())
    })

  it('an encoded slash is a slash', async () => {
    assert.equal((await get('/v2/hello%2fjq/manifests/latest', bob)).status, 403)
  })

  it('what is refused leaves no record', async () => {
    const repositories = await readdir(join(server.storage, 'repositories'))
    assert.deepEqual(repositories.toSorted(), ['hello', 'jq'])
    assert.deepEqual((await readdir(join(server.storage, 'digests'))).toSorted(), ['hello', 'jq'])
  })
})

describe('lists', () => {
  it('show only what the asker may pull', async () => {
    const names = async (who: readonly string[]) =>
      JSON.parse((await get('/v2/_catalog', who)).body.toString()) as unknown
    assert.deepEqual(await names(alice), { repositories: ['hello', 'jq'] })
    assert.deepEqual(await names(bob), { repositories: ['hello'] })
    assert.equal((await get('/v2/jq/tags/list', bob)).status, 403)
    assert.equal((await get('/v2/hello/tags/list', bob)).status, 200)
    assert.equal((await get(`/v2/jq/referrers/${jq.digest}`, bob)).status, 403)
  })
})

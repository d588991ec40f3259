import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { ask, errorOf } from '../support/wire.ts'
import { basic, startAccessServer, users, type AccessServer } from './accessServer.ts'

let server: AccessServer
const alice = basic('alice', users.alice)
const bob = basic('bob', users.bob)
const get = (path: string, headers: readonly string[]) => ask(server.address, { path, headers })

before(async () => {
  server = await startAccessServer(`users: { htpasswd: users }
default: allow
rules:
  - { who: ['user:bob'], licences: ['*'], action: deny, message: ask legal@example.org for this licence }
`)
})
after(() => server.stop())

const config = z.object({ config: z.object({ digest: z.string() }) })

describe('a rule about licences', () => {
  it('decides when the package is evaluated, before it is answered', async () => {
    const answer = await get('/v2/hello/manifests/latest', bob)
    assert.equal(answer.status, 403)
    assert.deepEqual(errorOf(answer), { code: 'DENIED', message: 'ask legal@example.org for this licence' })
  })

  it('holds for what others have built, by its digest too', async () => {
    const answer = await get('/v2/hello/manifests/latest', alice)
    assert.equal(answer.status, 200)
    const digest = answer.headers['docker-content-digest'] ?? ''
    const blob = config.parse(JSON.parse(answer.body.toString())).config.digest
    for (const path of [`manifests/${digest}`, `blobs/${blob}`, 'manifests/latest']) {
      assert.equal((await get(`/v2/hello/${path}`, alice)).status, 200, path)
      assert.equal((await get(`/v2/hello/${path}`, bob)).status, 403, path)
    }
  })
})

import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { startChildServer, type ChildServer } from '../support/childServer.ts'
import { startServer } from '../support/server.ts'
import { ask, errorOf } from '../support/wire.ts'
import { basic, htpasswd, users } from './accessServer.ts'

const rules = `users: { htpasswd: users }
default: deny
rules:
  - { packages: [hello], action: allow }
  - { name: no jq, packages: [jq], action: deny, message: ask platform@example.org for jq }
`

let folder: string
let server: ChildServer
let operators: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-operators-'))
  await writeFile(join(folder, 'users'), htpasswd())
  await writeFile(join(folder, 'access.yaml'), rules)
  server = await startChildServer(folder, {
    NIXERY_ACCESS: join(folder, 'access.yaml'),
    NIXERY_METRICS_PORT: '0',
    NIXERY_AUDIT_PULLS: 'true',
    NIXERY_TRUSTED_PROXIES: '127.0.0.1',
    NIXERY_LOG_LEVEL: 'info',
  })
  operators = /http:[\d/.:]+(?=\/metrics)/.exec(server.log.join('\n'))?.[0] ?? ''
})
after(async () => {
  await server.end('SIGTERM')
  await rm(folder, { recursive: true, force: true })
})

const alice = basic('alice', users.alice)
const line = z.looseObject({ audit: z.string().optional() })
const audited = (what: string) =>
  server.log.map((text) => line.parse(JSON.parse(text))).filter(({ audit }) => audit === what)

describe('with NIXERY_METRICS_PORT', () => {
  it('the registry has no metrics, and does not say what it checks', async () => {
    assert.equal((await ask(server.address, { path: '/metrics' })).status, 404)
    const { body } = await ask(server.address, { path: '/readyz' })
    assert.deepEqual(Object.keys(JSON.parse(body.toString())), ['status'])
  })

  it('the other port has both, and no registry', async () => {
    assert.match((await ask(operators, { path: '/metrics' })).body.toString(), /nixery_/)
    assert.match((await ask(operators, { path: '/readyz' })).body.toString(), /"checks":/)
    assert.equal((await ask(operators, { path: '/v2/hello/manifests/latest' })).status, 404)
  })
})

describe('the audit log', () => {
  it('says who pulled what, and from where, as a trusted proxy says', async () => {
    const headers = [...alice, 'x-forwarded-for', '192.0.2.7', 'x-forwarded-user', 'ann@example.org']
    const answer = await ask(server.address, { path: '/v2/hello/manifests/latest', headers })
    assert.equal(answer.status, 200)
    await server.waitFor('"audit":"pulled"')
    const [pulled] = audited('pulled')
    assert.partialDeepStrictEqual(pulled, {
      who: 'user:alice',
      client: '192.0.2.7',
      forwardedUser: 'ann@example.org',
      image: 'hello',
      tag: 'latest',
      digest: answer.headers['docker-content-digest'],
    })
  })

  it('says who was refused, and by which rule', async () => {
    const answer = await ask(server.address, { path: '/v2/jq/manifests/latest', headers: alice })
    assert.equal(answer.status, 403)
    await server.waitFor('"audit":"refused"')
    assert.partialDeepStrictEqual(audited('refused')[0], {
      who: 'user:alice',
      rule: 'rule 2 (no jq)',
      url: '/v2/jq/manifests/latest',
      client: '127.0.0.1',
    })
  })

  it('has no password and no token', async () => {
    await ask(server.address, { path: '/v2/', headers: basic('alice', 'a-wrong-password') })
    const encoded = Buffer.from(`alice:${users.alice}`).toString('base64')
    for (const secret of [users.alice, encoded, 'a-wrong-password'])
      assert.ok(!server.log.join('\n').includes(secret), secret)
  })
})

describe('the state folder', () => {
  it('is closed to other users', async () => {
    for (const name of ['state', 'storage']) assert.equal((await stat(join(folder, name))).mode & 0o077, 0)
  })
})

describe('a proxy that is not trusted', () => {
  it('cannot say where its clients come from, nor by which address they know the server', async () => {
    const access = join(folder, 'access.yaml')
    const distrusting = await startServer({ NIXERY_ACCESS: access })
    try {
      const headers = ['x-forwarded-host', 'evil.example', 'x-forwarded-proto', 'https']
      const answer = await ask(distrusting.address, { path: '/v2/', headers })
      assert.equal(errorOf(answer).code, 'UNAUTHORIZED')
      assert.match(
        answer.headers['www-authenticate'] ?? '',
        new RegExp(`realm="${distrusting.address}/token"`),
      )
    } finally {
      await distrusting.stop()
    }
  })

  it('cannot, but NIXERY_PUBLIC_URL can', async () => {
    const access = join(folder, 'access.yaml')
    const published = await startServer({
      NIXERY_ACCESS: access,
      NIXERY_PUBLIC_URL: 'https://nixery.example.org/',
    })
    try {
      const { headers } = await ask(published.address, { path: '/v2/' })
      assert.equal(
        headers['www-authenticate'],
        'Bearer realm="https://nixery.example.org/token",service="nixery.example.org"',
      )
    } finally {
      await published.stop()
    }
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { SignJWT } from 'jose'
import { ask, errorOf } from '../support/wire.ts'
import {
  basic,
  bearer,
  fetchToken,
  htpasswd,
  postToken,
  startAccessServer,
  tokenOf,
  users,
  type AccessServer,
} from './accessServer.ts'

const rules = `anonymous: true
users: { htpasswd: users }
default: deny
rules:
  - { who: ['user:alice'], action: allow }
  - { packages: [hello], action: allow }
`

let server: AccessServer
before(async () => {
  server = await startAccessServer(rules)
})
after(() => server.stop())

const get = (path: string, headers: readonly string[] = []) => ask(server.address, { path, headers })
const alice = basic('alice', users.alice)

describe('without credentials', () => {
  for (const path of [
    '/v2/',
    '/v2',
    '/v2/hello/manifests/latest',
    '/v2/hello/tags/list',
    `/v2/hello/blobs/sha256:${'0'.repeat(64)}`,
    `/v2/hello/referrers/sha256:${'0'.repeat(64)}`,
    '/v2/_catalog',
  ]) {
    it(`${path} is answered with a challenge`, async () => {
      const answer = await get(path)
      assert.equal(answer.status, 401)
      assert.equal(errorOf(answer).code, 'UNAUTHORIZED')
      const header = answer.headers['www-authenticate'] ?? ''
      assert.ok(header.startsWith(`Bearer realm="${server.address}/token",service="${server.host}"`), header)
      if (path.includes('hello')) assert.match(header, /,scope="repository:hello:pull"/)
    })
  }

  it('HEAD is answered as GET is, without a body', async () => {
    const answer = await ask(server.address, { method: 'HEAD', path: '/v2/hello/manifests/latest' })
    assert.equal(answer.status, 401)
    assert.match(answer.headers['www-authenticate'] ?? '', /realm=/)
    assert.equal(answer.body.length, 0)
  })

  it('a client gets an anonymous token, and with it what anonymous clients may have', async () => {
    const { token, access_token: same, expires_in: seconds } = await fetchToken(server.address)
    assert.equal(token, same)
    assert.equal(seconds, 300)
    assert.equal((await get('/v2/', bearer(token))).status, 200)
    assert.equal((await get('/v2/hello/manifests/latest', bearer(token))).status, 200)
    const refused = await get('/v2/jq/manifests/latest', bearer(token))
    assert.equal(refused.status, 403)
    assert.deepEqual(errorOf(refused), {
      code: 'DENIED',
      message: "no rule of this registry allows 'jq'",
    })
  })

  it('health is answered as before', async () => {
    assert.equal((await get('/healthz')).status, 200)
  })
})

describe('with a password', () => {
  it('Basic is accepted by every route', async () => {
    for (const path of ['/v2/', '/v2/jq/manifests/latest', '/v2/_catalog'])
      assert.equal((await get(path, alice)).status, 200, path)
  })

  it('/token gives a token, and a refresh token only to those who ask for one', async () => {
    const { token, refresh_token: none } = await fetchToken(server.address, alice)
    assert.equal(none, undefined)
    assert.equal((await get('/v2/jq/manifests/latest', bearer(token))).status, 200)
    const offline = await fetchToken(server.address, alice, '?offline_token=true&service=x&scope=y')
    const answer = await postToken(server.address, {
      grant_type: 'refresh_token',
      refresh_token: offline.refresh_token ?? '',
      service: server.host,
    })
    assert.equal((await get('/v2/jq/manifests/latest', bearer(tokenOf(answer).access_token))).status, 200)
  })

  it('/token takes the password by POST (OAuth2) too', async () => {
    const answer = await postToken(server.address, {
      grant_type: 'password',
      username: 'alice',
      password: users.alice,
      access_type: 'offline',
    })
    assert.notEqual(tokenOf(answer).refresh_token, undefined)
  })

  it('a wrong one is refused everywhere, and the answer does not tell whether the user exists', async () => {
    const texts = new Set<string>()
    for (const headers of [
      basic('alice', 'wrong'),
      basic('nobody', 'wrong'),
      basic('', ''),
      basic('bob', users.alice),
    ]) {
      for (const path of ['/v2/', '/v2/hello/manifests/latest', '/token']) {
        const answer = await get(path, headers)
        assert.equal(answer.status, 401, path)
        texts.add(errorOf(answer).message)
      }
    }
    assert.deepEqual([...texts], ['the user name or the password is wrong'])
  })

  it('a password that is longer than bcrypt looks at does not count by its beginning', async () => {
    const long = 'x'.repeat(72)
    await server.rewrite('users', htpasswd({ ...users, carol: long }))
    assert.equal((await get('/v2/', basic('carol', long))).status, 200)
    assert.equal((await get('/v2/', basic('carol', `${long}y`))).status, 401)
  })

  it('a new password makes tokens of the old one worthless', async () => {
    const offline = await fetchToken(server.address, alice, '?offline_token=true')
    assert.equal((await get('/v2/', bearer(offline.token))).status, 200)
    await server.rewrite('users', htpasswd({ ...users, alice: 'another' }))
    assert.equal((await get('/v2/', bearer(offline.token))).status, 401)
    assert.equal((await get('/v2/', alice)).status, 401)
    const again = await postToken(server.address, {
      grant_type: 'refresh_token',
      refresh_token: offline.refresh_token ?? '',
    })
    assert.equal(again.status, 401)
    await server.rewrite('users', htpasswd())
  })
})

describe('a token that was not issued here', () => {
  const claims = { who: { kind: 'user', name: 'alice' }, by: 'x' }
  const signed = (key: Uint8Array, kid: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid })
      .setIssuer('nixery')
      .setAudience('access')
      .setExpirationTime('1h')
      .sign(key)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  const attacks: Readonly<Record<string, () => Promise<string>>> = {
    'signed with a key of its own': () => signed(new Uint8Array(32), 'x'),
    'with a key that it names by a path': () => signed(new Uint8Array(32), '../../identity/storage'),
    'without a signature': async () =>
      `${encode({ alg: 'none' })}.${encode({ ...claims, iss: 'nixery', aud: 'access', exp: 4e9 })}.`,
    'that is a refresh token': async () =>
      (await fetchToken(server.address, alice, '?offline_token=true')).refresh_token ?? '',
    'whose payload was replaced': async () => {
      const [head, , signature] = (await fetchToken(server.address)).token.split('.')
      return `${head}.${encode({ ...claims, iss: 'nixery', aud: 'access', exp: 4e9 })}.${signature}`
    },
    'that is no token': async () => 'x',
  }
  for (const [what, attack] of Object.entries(attacks)) {
    it(`${what} is refused`, async () => {
      const answer = await get('/v2/', bearer(await attack()))
      assert.equal(answer.status, 401)
      assert.match(answer.headers['www-authenticate'] ?? '', /error="invalid_token"/)
    })
  }

  it('by a form that makes no sense is refused with a sentence', async () => {
    for (const form of [{}, { grant_type: 'client_credentials' }]) {
      const answer = await postToken(server.address, form)
      assert.equal(answer.status, 400)
      assert.match(errorOf(answer).message, /grant_type/)
    }
  })
})

describe('the rules', () => {
  it('are in force as soon as they change; a file with faults changes nothing', async () => {
    const { token } = await fetchToken(server.address)
    const status = async () => (await get('/v2/hello/manifests/latest', bearer(token))).status
    assert.equal(await status(), 200)
    await server.rewrite('access.yaml', rules.replace('[hello]', '[jq]'))
    assert.equal(await status(), 403)
    await server.rewrite('access.yaml', 'default: everything\n')
    assert.equal(await status(), 403)
    assert.equal((await get('/v2/', alice)).status, 200)
    await server.rewrite('access.yaml', rules.replace('anonymous: true', 'anonymous: false'))
    assert.equal(await status(), 401)
    assert.equal((await get('/token')).status, 401)
    await server.rewrite('access.yaml', rules)
    assert.equal(await status(), 200)
  })
})

describe('the host of the request', () => {
  it('cannot put anything else into the challenge', async () => {
    const { headers } = await ask(server.address, { path: '/v2/', headers: ['host', 'a"b.example, evil="x'] })
    assert.doesNotMatch(headers['www-authenticate'] ?? '', /evil/)
  })
})

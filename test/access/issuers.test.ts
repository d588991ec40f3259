import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { ask, errorOf } from '../support/wire.ts'
import {
  basic,
  bearer,
  fetchToken,
  postToken,
  startAccessServer,
  tokenOf,
  type AccessServer,
} from './accessServer.ts'
import { startIssuer, type Issuer } from './issuer.ts'

let issuer: Issuer
let server: AccessServer

before(async () => {
  issuer = await startIssuer('nixery')
  server = await startAccessServer(`anonymous: true
issuers:
  - { name: ci, issuer: '${issuer.address}', audience: nixery, algorithms: [RS256] }
default: deny
rules:
  - { who: [{ issuer: ci, claims: { sub: deployer } }], action: allow }
  - { who: [{ issuer: ci }], packages: [hello], action: allow }
`)
})
after(async () => {
  await server.stop()
  await issuer.stop()
})

const get = (path: string, headers: readonly string[]) => ask(server.address, { path, headers })

describe('a token of an issuer', () => {
  it('is accepted as the password, with any user name', async () => {
    const token = await issuer.token('tester')
    for (const user of ['job', '', '<token>'])
      assert.equal((await get('/v2/hello/manifests/latest', basic(user, token))).status, 200, user)
  })

  it('is accepted by /token, by GET and by both kinds of POST', async () => {
    const token = await issuer.token('tester')
    const answers = [
      (await fetchToken(server.address, basic('job', token), '?offline_token=true')).token,
      tokenOf(await postToken(server.address, { grant_type: 'password', username: 'job', password: token }))
        .token,
      tokenOf(await postToken(server.address, { grant_type: 'refresh_token', refresh_token: token })).token,
    ]
    for (const answer of answers)
      assert.equal((await get('/v2/hello/manifests/latest', bearer(answer))).status, 200)
  })

  it('gets no refresh token: it is short-lived on purpose', async () => {
    const token = await issuer.token('tester')
    const answer = await fetchToken(server.address, basic('job', token), '?offline_token=true')
    assert.equal(answer.refresh_token, undefined)
    assert.ok(answer.expires_in <= 300)
  })

  it('may have what the rules say about its claims', async () => {
    const status = async (who: string) =>
      (await get('/v2/jq/manifests/latest', basic('job', await issuer.token(who)))).status
    assert.equal(await status('tester'), 403)
    assert.equal(await status('deployer'), 200)
  })

  it('of a new key is accepted as soon as the issuer signs with it', async () => {
    await issuer.rotate()
    // Whoever invents names of keys makes the server ask once a second at most.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    const answer = await get('/v2/', basic('job', await issuer.token('tester')))
    assert.equal(answer.status, 200, answer.body.toString())
  })
})

describe('a token that looks like one of an issuer', () => {
  let own: CryptoKey
  before(async () => {
    own = (await generateKeyPair('RS256')).privateKey
  })
  const good = () => ({ iss: issuer.address, aud: 'nixery', sub: 'deployer' })
  const signed = (claims: object, expires: string | number = '5min', kid = issuer.keyId()) =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid }).setExpirationTime(expires).sign(own)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  const attacks: Readonly<Record<string, readonly [() => Promise<string>, RegExp]>> = {
    'signed by another key': [() => signed(good()), /signature is wrong/],
    'that names a key which the issuer does not have': [() => signed(good(), '5min', 'other'), /no such key/],
    'for another audience': [() => issuer.token('tester', { audience: 'other' }), /'aud' is wrong/],
    'that has expired': [
      () => issuer.signed({ ...good(), exp: Math.floor(Date.now() / 1000) - 60 }),
      /has expired/,
    ],
    'that never expires': [() => issuer.signed(good()), /'exp' is wrong/],
    'that does not say whose it is': [
      () => issuer.signed({ ...good(), sub: undefined, exp: 4e9 }),
      /'sub' is wrong/,
    ],
    'of an issuer that is not in the file': [
      () => signed({ ...good(), iss: 'https://evil.example.org' }),
      /does not know/,
    ],
    'without a signature': [
      async () => `${encode({ alg: 'none' })}.${encode({ ...good(), exp: 4e9 })}.AA`,
      /algorithm is not allowed|cannot be verified/,
    ],
    'signed with the public key as a shared secret': [
      async () =>
        new SignJWT({ ...good() })
          .setProtectedHeader({ alg: 'HS256', kid: issuer.keyId() })
          .setExpirationTime('5min')
          .sign(Buffer.from(JSON.stringify(await issuer.publicKey()))),
      /algorithm is not allowed/,
    ],
    'that brings its key along': [
      async () => {
        const pair = await generateKeyPair('RS256', { extractable: true })
        return new SignJWT({ ...good() })
          .setProtectedHeader({ alg: 'RS256', kid: issuer.keyId(), jwk: await exportJWK(pair.publicKey) })
          .setExpirationTime('5min')
          .sign(pair.privateKey)
      },
      /signature is wrong/,
    ],
  }
  for (const [what, [attack, reason]] of Object.entries(attacks)) {
    it(`${what} is refused`, async () => {
      const token = await attack()
      for (const path of ['/v2/', '/token']) {
        const answer = await get(path, basic('job', token))
        assert.equal(answer.status, 401, path)
        assert.match(errorOf(answer).message, reason)
        assert.ok(!answer.body.toString().includes(token.split('.')[1] ?? ''), 'the token is repeated')
      }
    })
  }
})

describe('an issuer that does not answer', () => {
  let silent: Server
  let late: AccessServer
  before(async () => {
    silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    late = await startAccessServer(`anonymous: true
issuers:
  - { name: slow, issuer: 'http://127.0.0.1:${port}', audience: nixery }
default: allow
`)
  })
  after(async () => {
    await late.stop()
    silent.closeAllConnections()
    silent.close()
  })

  it('keeps its own clients waiting for seconds, and nobody else', async () => {
    const { port } = silent.address() as { port: number }
    const { privateKey } = await generateKeyPair('RS256')
    const token = await new SignJWT({ iss: `http://127.0.0.1:${port}`, aud: 'nixery', sub: 'x' })
      .setProtectedHeader({ alg: 'RS256' })
      .setExpirationTime('5min')
      .sign(privateKey)
    const waiting = ask(late.address, { path: '/v2/', headers: basic('job', token) })
    const start = performance.now()
    assert.equal(
      (await ask(late.address, { path: '/v2/', headers: bearer((await fetchToken(late.address)).token) }))
        .status,
      200,
    )
    assert.ok(performance.now() - start < 2_000)
    const answer = await waiting
    assert.equal(answer.status, 401)
    assert.match(errorOf(answer).message, /cannot be fetched now/)
  })
})

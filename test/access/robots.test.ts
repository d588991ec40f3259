import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { run } from '../support/clients.ts'
import { demoSet } from '../support/variables.ts'
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

let server: AccessServer
before(async () => {
  server = await startAccessServer(`default: deny
rules:
  - { name: robots, who: ['robot:ci-*'], packages: [hello], action: allow }
  - { who: [anyone], packages: [jq], action: deny, message: ask platform@example.org for jq }
`)
})
after(() => server.stop())

function nixery(...args: readonly string[]) {
  const program = join(import.meta.dirname, '../../bin/nixery.js')
  return run(process.execPath, [program, ...args], {
    NIXERY_PKGS_PATH: demoSet,
    STORAGE_PATH: server.storage,
    NIXERY_STATE_DIR: join(server.folder, 'state'),
    NIXERY_ACCESS: join(server.folder, 'access.yaml'),
    NIXERY_PLATFORMS: 'linux/amd64',
  })
}

async function create(...args: readonly string[]) {
  const { code, stdout, stderr } = await nixery('token', 'create', ...args)
  assert.equal(code, 0, stderr)
  const token = /^nixery_([0-9a-f]{12})_\S+/.exec(stdout)
  assert.ok(token)
  return { token: token[0], id: token[1] ?? '' }
}

const get = (path: string, headers: readonly string[]) => ask(server.address, { path, headers })

describe('nixery token', () => {
  it('makes a token that a running server accepts as the password, with any user name', async () => {
    const { token } = await create('ci-images')
    for (const user of ['ci-images', 'robot', ''])
      assert.equal((await get('/v2/hello/manifests/latest', basic(user, token))).status, 200)
    assert.equal((await get('/v2/git/manifests/latest', basic('x', token))).status, 403)
    const { token: session, refresh_token: refresh = '' } = await fetchToken(
      server.address,
      basic('x', token),
      '?offline_token=true',
    )
    assert.equal((await get('/v2/', bearer(session))).status, 200)
    const again = await postToken(server.address, { grant_type: 'refresh_token', refresh_token: refresh })
    assert.equal((await get('/v2/', bearer(tokenOf(again).token))).status, 200)
  })

  it('stores a hash of it, and lists it without the secret', async () => {
    const { token, id } = await create('ci-hash', '--expires', '90d')
    const secret = token.split('_').slice(2).join('_')
    for (const file of await readdir(join(server.storage, 'access/tokens')))
      assert.ok(!(await readFile(join(server.storage, 'access/tokens', file), 'utf8')).includes(secret))
    const { stdout } = await nixery('token', 'list')
    assert.match(stdout, new RegExp(`${id} +ci-hash +\\d{4}-\\d\\d-\\d\\d +\\d{4}-\\d\\d-\\d\\d`))
    assert.ok(!stdout.includes(secret))
  })

  it('keeps it from other users of the machine', async () => {
    for (const file of ['access/tokens', 'access/keys'])
      for (const name of await readdir(join(server.storage, file)))
        assert.equal((await stat(join(server.storage, file, name))).mode & 0o077, 0, name)
  })

  it('revokes it: then it and what was issued for it are worth nothing', { timeout: 30_000 }, async () => {
    const { token, id } = await create('ci-leak')
    const session = await fetchToken(server.address, basic('x', token), '?offline_token=true')
    assert.equal((await nixery('token', 'revoke', id)).code, 0)
    // A server asks its storage again after ten seconds.
    await new Promise((resolve) => setTimeout(resolve, 10_500))
    assert.equal((await get('/v2/', basic('x', token))).status, 401)
    assert.equal((await get('/v2/', bearer(session.token))).status, 401)
    const refresh = { grant_type: 'refresh_token', refresh_token: session.refresh_token ?? '' }
    assert.equal((await postToken(server.address, refresh)).status, 401)
  })

  it('of another secret, or in another form, is refused', async () => {
    const { token, id } = await create('ci-other')
    const flipped = token.slice(0, -2) + (token.endsWith('AA') ? 'BB' : 'AA')
    for (const wrong of [
      flipped,
      `nixery_${id}_`,
      `nixery_../x_${'a'.repeat(43)}`,
      'nixery_',
      `nixery_${'0'.repeat(12)}_${'a'.repeat(43)}`,
    ]) {
      const answer = await get('/v2/', basic('x', wrong))
      assert.equal(answer.status, 401)
      assert.equal(errorOf(answer).message, 'the token is wrong, was revoked or has expired')
    }
  })

  it('says what is wrong with how it is used', async () => {
    for (const args of [
      [],
      ['create'],
      ['create', 'a b'],
      ['revoke', 'x'],
      ['list', 'x'],
      ['create', 'x', '--expires', 'soon'],
    ]) {
      const { code, stderr } = await nixery('token', ...args)
      assert.equal(code, 2, stderr)
    }
  })
})

describe('nixery access check', () => {
  const cases = [
    [['robot:ci-images', 'hello'], /may pull hello:latest for linux\/amd64: rule 1 \(robots\) decides/],
    [['robot:other', 'hello:v1'], /may not pull hello:v1 .*: the default decides/],
    [['anonymous', 'hello/jq'], /may not pull[^]*the client reads: [^]*anonymous clients get no token/],
    [['user:alice', 'jq'], /rule 2 decides\n {2}the client reads: ask platform@example\.org for jq/],
  ] as const
  for (const [args, expected] of cases) {
    it(`${args.join(' ')} says which rule decides`, async () => {
      const { code, stdout, stderr } = await nixery('access', 'check', ...args)
      assert.equal(code, 0, stderr)
      assert.match(stdout, expected)
    })
  }
})

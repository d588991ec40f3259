import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startServer } from '../support/server.ts'
import { ask, errorOf } from '../support/wire.ts'
import { basic, startAccessServer, users, type AccessServer } from './accessServer.ts'

describe('ATTACK: guessing passwords', () => {
  let server: AccessServer
  before(async () => {
    server = await startAccessServer('users: { htpasswd: users }\ndefault: allow\n', {
      NIXERY_TRUSTED_PROXIES: '127.0.0.1',
    })
  })
  after(() => server.stop())

  const from = (address: string) => ['x-forwarded-for', address]
  const status = async (headers: readonly string[], path = '/v2/') =>
    (await ask(server.address, { path, headers })).status

  it('a client is stopped after 20 wrong ones, also where it asks for tokens', async () => {
    assert.equal(await status([...basic('alice', users.alice), ...from('192.0.2.1')]), 200)
    for (let guess = 0; guess < 20; guess++) {
      const path = guess % 2 === 0 ? '/v2/' : '/token'
      assert.equal(await status([...basic('bob', `guess ${guess}`), ...from('192.0.2.1')], path), 401)
    }
    const answer = await ask(server.address, {
      path: '/v2/',
      headers: [...basic('bob', users.bob), ...from('192.0.2.1')],
    })
    assert.equal(answer.status, 429)
    assert.match(answer.headers['retry-after'] ?? '', /^\d+$/)
  })

  it('a password that was right before is still accepted from there', async () => {
    assert.equal(await status([...basic('alice', users.alice), ...from('192.0.2.1')]), 200)
  })

  it('others may go on', async () => {
    assert.equal(await status([...basic('bob', users.bob), ...from('192.0.2.2')]), 200)
  })
})

describe('ATTACK: many requests', () => {
  it('an address may send so many in a minute; probes are not counted', async () => {
    const server = await startServer({ NIXERY_CLIENT_REQUESTS: '50', NIXERY_TRUSTED_PROXIES: '127.0.0.1' })
    try {
      const answers = []
      const headers = ['x-forwarded-for', '2001:db8::1']
      for (let count = 0; count < 51; count++)
        answers.push(await ask(server.address, { path: '/v2/', headers }))
      const last = answers.pop()
      assert.ok(answers.every(({ status }) => status === 200))
      assert.equal(last?.status, 429)
      assert.equal(last && errorOf(last).code, 'TOOMANYREQUESTS')
      assert.match(last?.headers['retry-after'] ?? '', /^\d+$/)
      // The next address of the same network is the same client.
      const near = ['x-forwarded-for', '2001:db8::2']
      assert.equal((await ask(server.address, { path: '/v2/', headers: near })).status, 429)
      const other = ['x-forwarded-for', '2001:db8:0:1::1']
      assert.equal((await ask(server.address, { path: '/v2/', headers: other })).status, 200)
      assert.equal((await ask(server.address, { path: '/healthz', headers })).status, 200)
    } finally {
      await server.stop()
    }
  })
})

describe('ATTACK: one client asks for many new images', () => {
  const packages = ['hello', 'jq', 'curl', 'git', 'htop', 'nano', 'bash', 'coreutils']
  const pairs = packages.flatMap((one, index) => packages.slice(index + 1).map((other) => `${one}/${other}`))

  it('another client waits for one of them, not for all', { timeout: 300_000 }, async () => {
    const server = await startServer({ NIXERY_BUILDS: '1', NIXERY_TRUSTED_PROXIES: '127.0.0.1' })
    try {
      const done: string[] = []
      const pull = async (name: string, client: string) => {
        const path = `/v2/${name}/manifests/latest`
        const { status } = await ask(server.address, { path, headers: ['x-forwarded-for', client] })
        done.push(`${client} ${status}`)
      }
      // All packages are known, so that the images differ only in what they combine.
      await pull(packages.join('/'), '192.0.2.9')
      const greedy = pairs.slice(0, 24).map((name) => pull(name, '192.0.2.1'))
      await new Promise((resolve) => setTimeout(resolve, 50))
      await pull('jq/hello/curl', '192.0.2.2')
      const before = done.filter((line) => line.startsWith('192.0.2.1')).length
      await Promise.all(greedy)
      assert.ok(before < 12, `${before} of ${greedy.length} images went before`)
      assert.ok(
        done.every((line) => line.endsWith('200')),
        done.join('\n'),
      )
    } finally {
      await server.stop()
    }
  })
})

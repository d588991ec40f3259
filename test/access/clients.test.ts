import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Podman, run } from '../support/clients.ts'
import { startAccessServer, users, type AccessServer } from './accessServer.ts'

let server: AccessServer
let folder: string
const podman = new Podman()
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-login-'))
  await writeFile(join(folder, 'podman.json'), '{}')
  server = await startAccessServer(`anonymous: true
users: { htpasswd: users }
default: deny
rules:
  - { packages: [hello], action: allow }
  - { who: ['user:alice'], action: allow }
  - { packages: [jq], action: deny, message: ask platform@example.org for jq }
`)
})
after(async () => {
  await server.stop()
  await podman.remove()
  await rm(folder, { recursive: true, force: true })
})

const credentials = ['--username=alice', `--password=${users.alice}`]

describe('podman', () => {
  const authfile = () => `--authfile=${join(folder, 'podman.json')}`
  const pull = (image: string) =>
    podman.run('pull', '--quiet', '--tls-verify=false', authfile(), `${server.host}/${image}`)

  it('without a login pulls what anonymous clients may have, and shows why it gets no more', async () => {
    const pulled = await pull('hello')
    assert.equal(pulled.code, 0, pulled.stderr)
    const refused = await pull('jq')
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, /ask platform@example\.org for jq/)
  })

  it('logs in, and pulls what the user may have', async () => {
    const login = await podman.run('login', '--tls-verify=false', authfile(), ...credentials, server.host)
    assert.equal(login.code, 0, login.stderr)
    const pulled = await pull('jq')
    assert.equal(pulled.code, 0, pulled.stderr)
  })

  it('cannot log in with a wrong password', async () => {
    const login = await podman.run(
      'login',
      '--tls-verify=false',
      authfile(),
      '--username=alice',
      '--password=x',
      server.host,
    )
    assert.notEqual(login.code, 0)
  })
})

describe('skopeo', () => {
  it('logs in and copies an image', async () => {
    const authfile = join(folder, 'skopeo.json')
    const login = await run('skopeo', [
      'login',
      '--tls-verify=false',
      `--authfile=${authfile}`,
      ...credentials,
      server.host,
    ])
    assert.equal(login.code, 0, login.stderr)
    const copied = await run('skopeo', [
      'copy',
      '--src-tls-verify=false',
      `--authfile=${authfile}`,
      `docker://${server.host}/jq`,
      `oci:${join(folder, 'jq')}`,
    ])
    assert.equal(copied.code, 0, copied.stderr)
  })
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startServer, type TestServer } from '../support/server.ts'
import { basic, htpasswd, users } from './accessServer.ts'

let folder: string
let server: TestServer

function makeCertificate(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)]
  const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', ...kind, ...subject, ...files], { stdio: 'ignore' })
}

const use = async (name: string) => {
  for (const end of ['pem', 'key']) await cp(join(folder, `${name}.${end}`), join(folder, `used.${end}`))
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-tls-'))
  for (const name of ['first', 'second']) makeCertificate(name)
  await use('first')
  await writeFile(join(folder, 'users'), htpasswd())
  await writeFile(join(folder, 'access.yaml'), 'users: { htpasswd: users }\ndefault: allow\n')
  server = await startServer({
    NIXERY_TLS_CERT: join(folder, 'used.pem'),
    NIXERY_TLS_KEY: join(folder, 'used.key'),
    NIXERY_ACCESS: join(folder, 'access.yaml'),
  })
})
after(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Asks by TLS, and trusts one certificate alone. */
async function get(path: string, trusted: string, headers: readonly string[] = []) {
  const ca = await readFile(join(folder, `${trusted}.pem`))
  const { host, port } = new URL(server.address)
  return new Promise<{ readonly status: number | undefined; readonly challenge: string | undefined }>(
    (resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port, path, ca, agent: false, headers: ['host', host, ...headers] },
        (response) => {
          response.resume()
          resolve({ status: response.statusCode, challenge: response.headers['www-authenticate'] })
        },
      )
      asked.on('error', reject).end()
    },
  )
}

describe('with NIXERY_TLS_CERT', () => {
  it('the registry is served by TLS, and tells clients so', async () => {
    assert.match(server.address, /^https:/)
    const { status, challenge } = await get('/v2/', 'first')
    assert.equal(status, 401)
    assert.match(challenge ?? '', /realm="https:\/\/127\.0\.0\.1:\d+\/token"/)
    assert.equal((await get('/v2/hello/manifests/latest', 'first', basic('alice', users.alice))).status, 200)
  })

  it(
    'a new certificate is used without a restart, and a broken one is not',
    { timeout: 40_000 },
    async () => {
      await use('second')
      await new Promise((resolve) => setTimeout(resolve, 6_000))
      assert.equal((await get('/healthz', 'second')).status, 200)
      await assert.rejects(get('/healthz', 'first'))
      await cp(join(folder, 'first.key'), join(folder, 'used.key'))
      await new Promise((resolve) => setTimeout(resolve, 6_000))
      assert.equal((await get('/healthz', 'second')).status, 200)
    },
  )

  it('files that do not belong together are told at the start', async () => {
    await assert.rejects(
      startServer({ NIXERY_TLS_CERT: join(folder, 'first.pem'), NIXERY_TLS_KEY: join(folder, 'second.key') }),
      /first\.pem and its key .*second\.key .* cannot be used/,
    )
  })
})

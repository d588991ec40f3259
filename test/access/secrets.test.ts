import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startChildServer, type ChildServer } from '../support/childServer.ts'
import { ask, errorOf } from '../support/wire.ts'

const password = 'hunter2-and-more'
const token = 'abcdef-0123456789'

let folder: string
let server: ChildServer
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-secrets-'))
  const set = join(folder, 'set')
  await mkdir(set)
  await writeFile(
    join(set, 'default.nix'),
    `{ ... }: {
  leaks = throw "cannot fetch https://me:${password}@example.org/set?private_token=${token}";
}
`,
  )
  server = await startChildServer(folder, { NIXERY_PKGS_PATH: set })
})
after(async () => {
  await server.end('SIGTERM')
  await rm(folder, { recursive: true, force: true })
})

describe('ATTACK: a package whose error quotes an address with credentials', () => {
  it('does not get them into the body, the status line or the log', async () => {
    const response = await fetch(`${server.address}/v2/leaks/manifests/latest`)
    const text = await response.text()
    const { headers } = await ask(server.address, { path: '/v2/leaks/manifests/latest' })
    await server.waitFor('request refused')
    for (const seen of [text, response.statusText, JSON.stringify(headers), server.log.join('\n')])
      for (const secret of [password, token]) assert.ok(!seen.includes(secret), seen)
  })

  it('the rest of the error is still there', async () => {
    const answer = await ask(server.address, { path: '/v2/leaks/manifests/latest' })
    assert.ok(answer.status >= 400 && answer.status < 500)
    assert.match(errorOf(answer).message, /cannot fetch https:\/\/\*\*\*example\.org/)
  })
})

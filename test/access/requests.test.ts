import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createHash } from 'node:crypto'
import { startServer, type TestServer } from '../support/server.ts'
import { ask, sendRaw } from '../support/wire.ts'

let server: TestServer
before(async () => {
  server = await startServer()
})
after(() => server.stop())

describe('ATTACK: a request that a proxy in front may read in another way', () => {
  it('with two hosts is refused', async () => {
    const text = `GET /v2/ HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nConnection: close\r\n\r\n`
    assert.match(await sendRaw(server.address, text), /^HTTP\/1\.1 400 [^]*not several/)
  })

  it('of HTTP/0.9 is refused', async () => {
    const answer = await sendRaw(server.address, 'GET /v2/\r\n\r\n', { hangUp: true })
    assert.doesNotMatch(answer, /^HTTP\/1\.1 200|^\{\}/)
    assert.match(answer, /400|^$/)
  })
})

describe('ATTACK: layers asked for as manifests', () => {
  it('are recognised by their beginning, and not read', async () => {
    const bytes = Buffer.alloc(4 << 20, 1)
    const hex = createHash('sha256').update(bytes).digest('hex')
    await writeFile(join(server.storage, 'layers', hex), bytes)
    const memory = () => process.memoryUsage().arrayBuffers
    const before = memory()
    let most = before
    const timer = setInterval(() => (most = Math.max(most, memory())), 2)
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => ask(server.address, { path: `/v2/hello/manifests/sha256:${hex}` })),
    )
    clearInterval(timer)
    assert.ok(answers.every(({ status }) => status === 404))
    assert.ok(most - before < 100 << 20, `${most - before} bytes`)
  })
})

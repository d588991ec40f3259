import assert from 'node:assert/strict'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { startServer, type TestServer } from '../support/server.ts'

/** A remote that fails in the beginning, and then accepts requests and never answers. */
let remote: Server
const hanging = new Set<ServerResponse>()
let hangs = false
let server: TestServer
before(async () => {
  remote = createServer((_request, response) => {
    if (!hangs) {
      response.writeHead(503).end()
      return
    }
    hanging.add(response)
    response.once('close', () => hanging.delete(response))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => remote.once('listening', resolve))
  const { port } = remote.address() as AddressInfo
  server = await startServer({ NIXERY_PKGS_PATH: '', NIXERY_PKGS_REPO: `http://127.0.0.1:${port}/set.git` })
})
after(async () => {
  remote.closeAllConnections()
  await server.stop()
  remote.close()
})

const until = async (what: () => boolean) => {
  for (let tries = 0; tries < 200 && !what(); tries++) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(what())
}

describe('ATTACK: a client asks for an unknown tag and leaves', () => {
  it('the look-up ends with it', { timeout: 30_000 }, async () => {
    hangs = true
    const { hostname, port, host } = new URL(server.address)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.write(`GET /v2/hello/manifests/unknown HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
    await until(() => hanging.size > 0)
    socket.destroy()
    await until(() => hanging.size === 0)
  })
})

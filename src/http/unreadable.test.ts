import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { it } from 'node:test'
import { createLogger } from '../logger.ts'
import { Unreadable } from './unreadable.ts'

it('a request that does not get to its end is answered with 408, in the registry’s form', async (context) => {
  const unreadable = new Unreadable(createLogger('silent'))
  const server = createServer({ headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 20 })
  server.on('clientError', (error, socket) => unreadable.answer(error, socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /v2/ HTTP/1.1\r\nhost: x\r\n')
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 408 Request Timeout\r\n/)
  assert.match(head, /^docker-distribution-api-version: registry\/2\.0\r$/m)
  assert.match(head, /^connection: close$/m)
  assert.match(body, /^\{"errors":\[\{"code":"REQUEST_TIMEOUT","message":"[^"]+"\}\]\}$/)
})

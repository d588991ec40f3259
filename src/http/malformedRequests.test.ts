import assert from 'node:assert/strict'
import { createServer, type ServerOptions } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { it, type TestContext } from 'node:test'
import { createLogger } from '../logger.ts'
import { MalformedRequests } from './malformedRequests.ts'

/**
 * Everything that a Node server answers to some bytes, not all of them valid, until it ends the connection.
 */
async function answersTo(bytes: string, context: TestContext, options: ServerOptions = {}): Promise<string> {
  const malformed = new MalformedRequests(createLogger('silent'))
  const server = createServer(options)
  server.on('clientError', (error, socket) => malformed.answer(error, socket))
  server.on('request', ({ socket }, response) => malformed.validRequest(socket, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes)
  return text(socket)
}

const faulty = 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'
const get = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

it('a request that does not get to its end is answered with 408, in the registry’s form', async (context) => {
  const options = { headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 20 }
  const answer = await answersTo('GET /v2/ HTTP/1.1\r\nhost: x\r\n', context, options)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 408 Request Timeout\r\n/)
  assert.match(head, /^docker-distribution-api-version: registry\/2\.0\r$/m)
  assert.match(head, /^connection: close$/m)
  assert.match(body, /^\{"errors":\[\{"code":"REQUEST_TIMEOUT","message":"[^"]+"\}\]\}$/)
})

it('a fault in the body of a request that waits for its answer is that answer', async (context) => {
  assert.match(await answersTo(faulty, context), /^HTTP\/1\.1 400 Bad Request\r\n/)
})

it('what comes behind a request that waits for its answer is not answered in its place', async (context) => {
  assert.equal(await answersTo(`${get}GARBAGE\r\n\r\n`, context), '')
})

it('nor is a fault in the body of a later request', async (context) => {
  assert.equal(await answersTo(get + faulty, context), '')
})

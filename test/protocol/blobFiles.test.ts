import assert from 'node:assert/strict'
import { truncate } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { after, before, it } from 'node:test'
import { startServer, type TestServer } from '../support/server.ts'
import { storeBlob } from '../support/storedBlob.ts'
import { ask, sendRaw } from '../support/wire.ts'
import { splitAnswers } from './rawAnswer.ts'

const megabyte = 1 << 20

let server: TestServer
before(async () => {
  server = await startServer()
})
after(() => server.stop())

const get = (path: string, ...headers: readonly string[]) =>
  [`GET ${path} HTTP/1.1`, 'host: registry', ...headers, '', ''].join('\r\n')

/** Reads on after a pause, and tells how many bytes came until the connection ended. */
async function restOf(socket: Socket): Promise<number> {
  let bytes = 0
  for await (const chunk of socket) bytes += Buffer.from(chunk).length
  return bytes
}

it('more readers than there are large buffers, each at another place, get the bytes of their place', async () => {
  const blob = await storeBlob(server.storage, 16)
  const content = Buffer.concat(Array.from({ length: 16 }, () => blob.megabyte))
  const readers = Array.from({ length: 80 }, async (_, index) => {
    const start = index * 100_003
    const end = start + 7_000_000
    const headers = ['range', `bytes=${start}-${end}`]
    const { status, body } = await ask(server.address, { path: `/v2/hello/blobs/${blob.digest}`, headers })
    assert.equal(status, 206)
    assert.ok(body.equals(content.subarray(start, end + 1)), `from byte ${start} on`)
  })
  await Promise.all(readers)
})

it('a blob of many chunks is followed by the next answer on its connection', async () => {
  const blob = await storeBlob(server.storage, 3)
  const requests = [
    get(`/v2/hello/blobs/${blob.digest}`),
    get(`/v2/hello/blobs/${blob.digest}`, 'range: bytes=-1500000'),
    get(`/v2/hello/blobs/${blob.digest}`, 'range: bytes=0-999999,2000000-2999999'),
    get('/v2/', 'connection: close'),
  ]
  const answers = splitAnswers(await sendRaw(server.address, requests.join('')))
  const content = Buffer.concat([blob.megabyte, blob.megabyte, blob.megabyte])
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 206, 206, 200],
  )
  assert.ok(Buffer.from(answers[0]?.body ?? '', 'latin1').equals(content))
  assert.ok(Buffer.from(answers[1]?.body ?? '', 'latin1').equals(content.subarray(-1_500_000)))
  assert.equal(answers[2]?.headers['content-length'], `${answers[2]?.body.length}`)
})

it('a blob that is cut short while it is sent ends the connection before what was promised', async () => {
  const size = 64
  const blob = await storeBlob(server.storage, size)
  const { hostname, port } = new URL(server.address)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => undefined)
  socket.write(get(`/v2/hello/blobs/${blob.digest}`))
  await new Promise((resolve) => socket.once('readable', resolve))
  await truncate(blob.path, (size - 1) * megabyte)
  const bytes = await restOf(socket).catch(() => 0)
  assert.ok(bytes < size * megabyte, `${bytes} bytes came`)
  // The server goes on, and does not serve the rest as the blob.
  const { status } = await ask(server.address, { path: `/v2/hello/blobs/${blob.digest}` })
  assert.equal(status, 404)
})

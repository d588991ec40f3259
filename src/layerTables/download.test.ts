import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { InvalidData } from '../errors.ts'
import { download } from './download.ts'

/** A server that gives these answers, one after the other, and then the last one again and again. */
async function serve(t: TestContext, ...statuses: readonly number[]) {
  let asked = 0
  const server = createServer((_request, response) => {
    const status = statuses[Math.min(asked, statuses.length - 1)] ?? 200
    asked += 1
    response.writeHead(status).end('content')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { location: `http://127.0.0.1:${address.port}/x`, asked: () => asked }
}

test('what may pass by itself is tried again', async (t) => {
  const { location, asked } = await serve(t, 503, 429, 200)
  assert.equal((await download(location, t.signal))?.toString(), 'content')
  assert.equal(asked(), 3)
})

test('what is not there is undefined, on the web and on this machine', async (t) => {
  for (const status of [404, 403]) {
    const { location, asked } = await serve(t, status)
    assert.equal(await download(location, t.signal), undefined)
    assert.equal(asked(), 1)
  }
  assert.equal(await download(`${import.meta.filename}.gone`, t.signal), undefined)
})

test('any other answer is a fault that names the location, at once', async (t) => {
  const { location, asked } = await serve(t, 401)
  await assert.rejects(download(location, t.signal), (error) => {
    assert.ok(error instanceof InvalidData)
    assert.equal(error.message, `${location} cannot be read: the server answered 401 Unauthorized`)
    return true
  })
  assert.equal(asked(), 1)
})

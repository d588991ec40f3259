import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { InvalidData } from '../errors.ts'
import { readPopularity } from './readData.ts'

test('data is read from a path and from a file address', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'popularity-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'counts.json')
  await writeFile(file, '{"a": 1}')
  for (const location of [file, pathToFileURL(file).href]) {
    const { counts } = await readPopularity(location, AbortSignal.timeout(10_000))
    assert.deepEqual([...counts], [['a', 1]])
  }
  await assert.rejects(
    readPopularity(`${file}.gone`, new AbortController().signal),
    isInvalid(/gone.*ENOENT/s),
  )
})

test('data is read from a web address, whose refusal is told', async (t) => {
  const address = await serve(t, (request, response) => {
    response.writeHead(request.url === '/counts' ? 200 : 404).end('{"a": 1}')
  })
  const { counts } = await readPopularity(`${address}/counts`, new AbortController().signal)
  assert.deepEqual([...counts], [['a', 1]])
  await assert.rejects(readPopularity(`${address}/other`, new AbortController().signal), isInvalid(/404/))
})

test('an aborted download rejects with the reason', async (t) => {
  const controller = new AbortController()
  const reason = new Error('no longer wanted')
  const address = await serve(t, () => controller.abort(reason))
  await assert.rejects(readPopularity(address, controller.signal), reason)
})

function isInvalid(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof InvalidData && message.test(error.message)
}

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}`
}

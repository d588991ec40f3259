import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { InvalidData } from '../errors.ts'
import { toStorePath } from '../store/storePath.ts'
import { parsePopularity, popularityOf } from './popularity.ts'
import { readPopularity } from '../layerTables/readData.ts'

const glibc = toStorePath('/nix/store/00000000000000000000000000000000-glibc-2.39-52')

test('names are looked up with version and without hash, and unknown ones count one', () => {
  const { counts } = parsePopularity('{"glibc-2.39-52": 61234, "glibc": 5}', 'a test')
  assert.equal(popularityOf(glibc, counts), 61234)
  assert.equal(popularityOf(toStorePath(`${glibc}-bin`), counts), 1)
})

test('a name may be one that every JavaScript object has', () => {
  const { counts } = parsePopularity('{"__proto__": 3, "constructor": 4}', 'a test')
  assert.deepEqual([counts.get('constructor'), counts.get('toString')], [4, undefined])
})

test('the identity is that of the counts, not of the file', () => {
  const { identity } = parsePopularity('{"a": 1, "b": 2}', 'a test')
  assert.equal(parsePopularity('{"b":2,\n"a":1}', 'another').identity, identity)
  assert.notEqual(parsePopularity('{"a": 2, "b": 2}', 'a test').identity, identity)
})

test('data that is not an object of counts is refused, naming where it is from', () => {
  for (const text of ['', '[]', '{"a": "1"}', '{"a": -1}', '{"a": 1.5}']) {
    assert.throws(() => parsePopularity(text, 'counts.json'), isInvalid(/counts\.json/), text)
  }
})

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

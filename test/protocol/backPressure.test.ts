import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChildServer, type ChildServer } from '../support/childServer.ts'
import { storeBlob } from '../support/storedBlob.ts'

const megabyte = 1 << 20
const blobSize = 64 * megabyte
const stalled = 16
/** Milliseconds after which what has not come will not. */
const longestWait = 30_000

let folder: string
let server: ChildServer
let digest: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-stalled-'))
  const blob = await storeBlob(join(folder, 'storage'), blobSize / megabyte, { isTar: true })
  digest = blob.digest
})
after(() => rm(folder, { recursive: true, force: true }))

// The peak of one test would hide that of the next.
beforeEach(async () => {
  server = await startChildServer(folder)
  // What a client that reads costs is no matter of these tests.
  await fetchDigest()
})
afterEach(() => server.end('SIGTERM'))

/** Peak of the server's memory so far, bytes. */
async function peakMemory(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** How often the server has the blob open. */
async function timesOpen(): Promise<number> {
  const descriptors = `/proc/${server.pid}/fd`
  const targets = await Promise.all(
    (await readdir(descriptors)).map((name) => readlink(join(descriptors, name)).catch(() => '')),
  )
  return targets.filter((target) => target.endsWith(digest.slice('sha256:'.length))).length
}

/**
 * Waits until the server has the blob open that often: it closes what was read a moment after its last byte.
 */
async function untilOpen(times: number): Promise<void> {
  const start = performance.now()
  for (let open = await timesOpen(); open !== times; open = await timesOpen()) {
    const waited = performance.now() - start
    assert.ok(waited < longestWait, `the server has the blob open ${open} times, and not ${times}`)
    await sleep(20)
  }
}

/**
 * A client that asks for the blob, once or more often at once, takes the first bytes of it and then reads no
 * more.
 */
function startStalled(headers: readonly string[], times = 1): Promise<Socket> {
  const { hostname, port } = new URL(server.address)
  const socket = connect({ host: hostname, port: Number(port) })
  const request = [`GET /v2/hello/blobs/${digest} HTTP/1.1`, 'host: x', ...headers, '', ''].join('\r\n')
  socket.write(request.repeat(times))
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.once('data', () => {
      socket.pause()
      socket.removeListener('error', reject).on('error', () => undefined)
      resolve(socket)
    })
  })
}

/** The whole blob, as a client fetches it that reads. */
async function fetchDigest(): Promise<string> {
  const headers = { 'accept-encoding': 'identity' }
  const response = await fetch(`${server.address}/v2/hello/blobs/${digest}`, { headers })
  const hash = createHash('sha256')
  assert.ok(response.body)
  for await (const chunk of response.body) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}

describe('clients that stop reading', () => {
  const requests: readonly (readonly [what: string, headers: readonly string[]])[] = [
    ['a whole blob', []],
    ['a range of it', ['range: bytes=1000-']],
    ['several ranges of it', ['range: bytes=0-29999999, 30000000-']],
    ['a blob that is encoded on the way', ['accept-encoding: gzip']],
  ]
  for (const [what, headers] of requests) {
    it(`${what} cost little memory, hold up nobody, and hold nothing when they leave`, async (context) => {
      const before = await peakMemory()
      const clients = await Promise.all(Array.from({ length: stalled }, () => startStalled(headers)))
      context.after(() => clients.forEach((client) => client.destroy()))
      assert.equal(await fetchDigest(), digest)
      await untilOpen(stalled)
      const grown = (await peakMemory()) - before
      assert.ok(
        grown < (stalled * blobSize) / 8,
        `${Math.round(grown / megabyte)} MiB more for ${stalled} clients`,
      )
      for (const client of clients) client.destroy()
      await untilOpen(0)
    })
  }

  it('two hundred at once cost no more memory than buffers for the quick and small ones for the rest', async (context) => {
    const before = await peakMemory()
    const clients = await Promise.all(Array.from({ length: 200 }, () => startStalled([])))
    context.after(() => clients.forEach((client) => client.destroy()))
    await untilOpen(200)
    assert.equal(await fetchDigest(), digest)
    const grown = (await peakMemory()) - before
    assert.ok(grown < 80 * megabyte, `${Math.round(grown / megabyte)} MiB more`)
    for (const client of clients) client.destroy()
    await untilOpen(0)
  })

  it('an answer that waits for another on its connection has nothing open', async (context) => {
    const client = await startStalled([], 50)
    context.after(() => client.destroy())
    assert.equal(await fetchDigest(), digest)
    await untilOpen(1)
    client.destroy()
    await untilOpen(0)
  })
})

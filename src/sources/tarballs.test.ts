import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { SourceFailed, UnknownTag } from '../errors.ts'
import { download } from './download.ts'
import { hashTree } from './hashTree.ts'
import { Remote } from './remote.ts'
import { Tarballs } from './tarballs.ts'
import { createFolder, recordingRun } from './testing.ts'
import { unpackTarball } from './unpackTarball.ts'

const commit = 'c'.repeat(40)
const limits = { bytes: 1_000_000, entries: 100 }

interface Member {
  readonly name: string
  readonly type?: 'file' | 'link' | 'symlink' | 'directory' | 'fifo' | 'block-device' | 'character-device'
  readonly linkname?: string
  readonly content?: string | Buffer
  readonly mode?: number
}

async function tarOf(...members: readonly Member[]): Promise<Buffer> {
  const tar = pack()
  for (const { content = '', type = 'file', mode = 0o644, ...more } of members)
    tar.entry({ type, mode, ...more }, type === 'file' ? content : '')
  tar.finalize()
  return buffer(tar)
}

/** Unpacks a tarball into a folder beside others, and tells what lies there afterwards. */
async function unpack(t: TestContext, tarball: Buffer, most = limits) {
  const parent = await createFolder(t)
  const folder = join(parent, 'source')
  await mkdir(folder)
  await writeFile(join(parent, 'tarball'), tarball)
  const names = async () => (await readdir(parent, { recursive: true })).toSorted()
  const done = unpackTarball(join(parent, 'tarball'), folder, commit, most)
  return { parent, folder, names, done }
}

/** A web server on this machine only. */
async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo // it listens on a port
  return `http://127.0.0.1:${port}`
}

/** What a source says when a server answers so to the request for a tarball. */
async function failureOf(t: TestContext, answer: RequestListener, address = (url: string) => url) {
  const folder = await createFolder(t)
  await mkdir(join(folder, 'source'))
  const tarballs = new Tarballs(new Remote(address(await serve(t, answer))))
  const { run, events } = recordingRun(t)
  let failure: unknown
  await assert.rejects(tarballs.unpack(commit, folder, run), (error) => {
    failure = error
    return error instanceof SourceFailed || error instanceof UnknownTag
  })
  assert.deepEqual(await readdir(join(folder, 'source')), [])
  assert.ok(failure instanceof Error)
  return { failure, message: failure.message, events: JSON.stringify(events) }
}

test('gzip and zstd are unpacked, without the top folder', async (t) => {
  const tar = await tarOf(
    { name: 'set/', type: 'directory', mode: 0o755 },
    { name: 'set/default.nix', content: '{ }' },
    { name: './set/lib/run', content: '#!/bin/sh', mode: 0o4755 },
    { name: 'set/lib/again', type: 'link', linkname: 'set/default.nix' },
    { name: 'set/lib/link', type: 'symlink', linkname: '../default.nix' },
  )
  const hashes: string[] = []
  for (const tarball of [gzipSync(tar), zstdCompressSync(tar)]) {
    const { folder, done } = await unpack(t, tarball)
    await done
    hashes.push(hashTree(folder))
    assert.equal(await readFile(join(folder, 'lib/again'), 'utf8'), '{ }')
    assert.equal((await lstat(join(folder, 'lib/run'))).mode & 0o7777 & ~0o022, 0o755)
    assert.equal((await lstat(join(folder, 'lib/again'))).nlink, 1)
  }
  assert.equal(hashes[0], hashes[1])
})

const attacks: Readonly<Record<string, readonly [members: readonly Member[], reason: RegExp]>> = {
  'a name with ..': [[{ name: 'set/../../out' }], /leads out/],
  'a name that is ..': [[{ name: '..' }], /leads out/],
  'an absolute name': [[{ name: '/tmp/nixery-attack' }], /absolute/],
  'a file through a link': [
    [
      { name: 'set/link', type: 'symlink', linkname: '.' },
      { name: 'set/link/file', content: 'x' },
    ],
    /below "link", which is no folder/,
  ],
  'a link that becomes a folder': [
    [
      { name: 'set/link', type: 'symlink', linkname: 'x' },
      { name: 'set/link', type: 'directory' },
    ],
    /twice/,
  ],
  'a file twice': [[{ name: 'set/file' }, { name: 'set/file' }], /twice/],
  'an absolute link': [[{ name: 'set/link', type: 'symlink', linkname: '/etc' }], /leads out/],
  'a link upwards': [[{ name: 'set/a/link', type: 'symlink', linkname: '../../x' }], /leads out/],
  'a link that turns around': [
    [
      { name: 'set/a/b/c', type: 'symlink', linkname: '../../d' },
      { name: 'set/e', type: 'symlink', linkname: 'a/b/c/../../x' },
    ],
    /leads out/,
  ],
  'a hard link out': [[{ name: 'set/link', type: 'link', linkname: 'set/../../tarball' }], /leads out/],
  'an absolute hard link': [[{ name: 'set/link', type: 'link', linkname: '/etc/passwd' }], /absolute/],
  'a hard link to a link': [
    [
      { name: 'set/a', type: 'symlink', linkname: 'b' },
      { name: 'set/b2', type: 'link', linkname: 'set/a' },
    ],
    /which is no file/,
  ],
  'a FIFO': [[{ name: 'set/fifo', type: 'fifo' }], /neither a file/],
  'a device': [[{ name: 'set/null', type: 'character-device' }], /neither a file/],
  'a disk': [[{ name: 'set/sda', type: 'block-device' }], /neither a file/],
  'more than one top folder': [[{ name: 'set/a' }, { name: 'other/b' }], /more than one/],
  'no folder': [[{ name: 'file' }], /no folder at its top/],
  nothing: [[], /nothing in it/],
}

for (const [what, [members, reason]] of Object.entries(attacks)) {
  test(`ATTACK: a tarball with ${what} is refused, and nothing is outside of its folder`, async (t) => {
    const { done, names } = await unpack(t, gzipSync(await tarOf(...members)))
    await assert.rejects(done, reason)
    const outside = (await names()).filter((name) => name !== 'tarball' && !name.startsWith('source'))
    assert.deepEqual(outside, [])
  })
}

test('ATTACK: a tarball that is huge when unpacked is refused before it fills the disk', async (t) => {
  const bomb = gzipSync(await tarOf({ name: 'set/zeros', content: Buffer.alloc(20_000_000) }))
  assert.ok(bomb.length < 30_000)
  const { done, folder } = await unpack(t, bomb)
  await assert.rejects(done, /more than 1 MiB/)
  assert.ok((await lstat(join(folder, 'zeros'))).size <= limits.bytes)
  const many = Array.from({ length: 101 }, (_, count) => ({ name: `set/${count}` }))
  await assert.rejects((await unpack(t, gzipSync(await tarOf(...many)))).done, /more than 100 files/)
  // The end of a tarball is no end of what is compressed.
  const tail = Buffer.concat([await tarOf({ name: 'set/a' }), Buffer.alloc(20_000_000)])
  await assert.rejects((await unpack(t, gzipSync(tail))).done, /more than 1 MiB/)
})

test('ATTACK: a header that claims to be huge is refused', async (t) => {
  const tar = await tarOf({ name: 'set/a', content: Buffer.alloc(10_000) })
  // A pax header (POSIX.1-2001) of 8 GiB less one byte, whose end never comes.
  tar.write('77777777777\0', 124, 'latin1')
  tar.write('x', 156, 'latin1')
  let sum = 0
  for (let at = 0; at < 512; at++) sum += at >= 148 && at < 156 ? 32 : (tar[at] ?? 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  await assert.rejects((await unpack(t, gzipSync(tar))).done, /exceeds max size/)
})

test('a tarball that is cut off, damaged, or something else is refused', async (t) => {
  const members = Array.from({ length: 50 }, (_, at) => ({ name: `set/${at}`, content: `${Math.random()}` }))
  const tarball = gzipSync(await tarOf(...members))
  const cut = tarball.subarray(0, tarball.length - 20)
  await assert.rejects((await unpack(t, cut)).done, /unexpected end of file/)
  const damaged = Buffer.from(tarball)
  const middle = Math.floor(tarball.length / 2)
  damaged.fill(0, middle, middle + 8)
  await assert.rejects((await unpack(t, damaged)).done)
  await assert.rejects((await unpack(t, Buffer.from('<html>'))).done, /neither gzip nor zstd/)
  await assert.rejects((await unpack(t, gzipSync('<html>'.repeat(200)))).done)
  await assert.rejects((await unpack(t, gzipSync('short'))).done)
})

test('a tarball that git made of another commit is refused', async (t) => {
  const noted = async (id: string) => {
    const tar = await tarOf({ name: 'pax_global_header', content: `52 comment=${id}\n` }, { name: 'set/a' })
    tar.write('g', 156, 'latin1')
    let sum = 0
    for (let at = 0; at < 512; at++) sum += at >= 148 && at < 156 ? 32 : (tar[at] ?? 0)
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    return gzipSync(tar)
  }
  await (
    await unpack(t, await noted(commit))
  ).done
  await assert.rejects((await unpack(t, await noted('d'.repeat(40)))).done, /of another commit, d{40}/)
})

test('a server that answers with a page, an error, or half an answer is told apart', async (t) => {
  const page = await failureOf(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>log in</html>')
  })
  assert.match(page.message, /text\/html, 19 bytes\) is no sound tarball: it is neither gzip nor zstd/)
  const missing = await failureOf(t, (_request, response) => void response.writeHead(404).end())
  assert.ok(missing.failure instanceof UnknownTag)
  const busy = await failureOf(t, (_request, response) => void response.writeHead(503).end())
  assert.match(busy.message, /the server answered 503/)
  const half = await failureOf(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half')
    setImmediate(() => response.destroy())
  })
  assert.match(half.message, /cannot be downloaded/)
})

test('ATTACK: a download that is too large is given up', async (t) => {
  const folder = await createFolder(t)
  for (const headers of [{ 'content-length': '5000' }, {}]) {
    const url = await serve(t, (_request, response) => {
      response.writeHead(200, headers).end(Buffer.alloc(5000))
    })
    const options = { most: 4000, signal: t.signal }
    await assert.rejects(download(`${url}/x`, join(folder, 'file'), options), /too much for a package set/)
  }
})

for (const location of ['file:///etc/passwd', 'ftp://host/x', 'data:,x', 'http://', 'gopher://host/'])
  test(`ATTACK: a redirect to ${location} is not followed`, async (t) => {
    const { message } = await failureOf(t, (_request, response) => {
      response.writeHead(302, { location }).end()
    })
    assert.match(message, /is not allowed/)
  })

test('ATTACK: credentials go to the server that they are for, and into no message', async (t) => {
  const seen: (string | undefined)[] = []
  const tarball = gzipSync(await tarOf({ name: 'set/default.nix' }))
  const other = await serve(t, (request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(request.url?.startsWith('/found') === true ? 200 : 401).end(tarball)
  })
  const withSecret = (url: string) => url.replace('://', '://me:secret@')
  const refused = await failureOf(
    t,
    (request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(302, { location: `${other}/lost?token=secret` }).end()
    },
    withSecret,
  )
  const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`
  assert.deepEqual(seen, [basic, undefined])
  assert.doesNotMatch(refused.message + refused.events + String(refused.failure.stack), /secret/)

  const url = await serve(t, (_request, response) => {
    response.writeHead(302, { location: `${other}/found` }).end()
  })
  const folder = await createFolder(t)
  await mkdir(join(folder, 'source'))
  const { run } = recordingRun(t)
  await new Tarballs(new Remote(withSecret(url))).unpack(commit, folder, run)
  assert.equal(seen.at(-1), undefined)
  assert.deepEqual(await readdir(join(folder, 'source')), ['default.nix'])
})

test('credentials come from a netrc file too', async (t) => {
  const seen: (string | undefined)[] = []
  const tarball = gzipSync(await tarOf({ name: 'set/default.nix' }))
  const url = await serve(t, (request, response) => {
    seen.push(request.headers.authorization)
    response.end(tarball)
  })
  const folder = await createFolder(t)
  await mkdir(join(folder, 'source'))
  await writeFile(join(folder, 'netrc'), 'machine 127.0.0.1 login me password secret')
  const { run } = recordingRun(t)
  await new Tarballs(new Remote(url, join(folder, 'netrc'))).unpack(commit, folder, run)
  assert.deepEqual(seen, [`Basic ${Buffer.from('me:secret').toString('base64')}`])
})

test('a server that redirects for ever is given up', async (t) => {
  const { message } = await failureOf(t, (_request, response) => {
    response.writeHead(302, { location: '/again' }).end()
  })
  assert.match(message, /more than 5 times/)
})

test('an unpacking that nobody waits for is ended', async (t) => {
  const folder = await createFolder(t)
  await mkdir(join(folder, 'source'))
  const url = await serve(t, (_request, response) => void response.writeHead(200).write('x'))
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('nobody waits')), 100)
  const run = { signal: stop.signal, onEvent: () => undefined }
  await assert.rejects(new Tarballs(new Remote(url)).unpack(commit, folder, run), /nobody waits/)
})

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { truncateSync } from 'node:fs'
import { Writable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { syncBuiltinESMExports } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import threads, { type Worker } from 'node:worker_threads'
import { gunzipSync } from 'node:zlib'
import { PackingFailed, StorePathMissing, Stopping } from '../errors.ts'
import type { LayerContent, Packer } from './packer.ts'
import { Kept, layerOf, storePathOf, TestStore } from './testing.ts'
import { createPacker } from './workerPacker.ts'

const mebibyte = 2 ** 20
const unaborted = new AbortController().signal

/** A packer with a store of its own, in which every name is a file of so many random bytes. */
function packerWith(t: TestContext, threads: number, files: Readonly<Record<string, number>> = {}) {
  const store = new TestStore(t)
  for (const [name, size] of Object.entries(files)) store.add(name, randomBytes(size))
  const packer = createPacker({ threads, storeDirectory: store.folder })
  t.after(() => packer.close())
  const contentOf = (...names: readonly string[]) =>
    layerOf(...names.map((name) => store.registered(storePathOf(name))))
  return { packer, store, contentOf }
}

/** A sink that takes the first chunk and never asks for more. */
function stuck(onFirst: () => void): Writable {
  return new Writable({ write: onFirst })
}

async function packed(packer: Packer, content: LayerContent) {
  const sink = new Kept()
  const diffID = await packer.pack(content, sink, unaborted)
  return { diffID, blob: createHash('sha256').update(sink.bytes).digest('hex'), bytes: sink.bytes }
}

test('the diffID is the digest of what the blob decompresses to', async (t) => {
  const { packer, contentOf } = packerWith(t, 1, { a: 9 * mebibyte, b: 10 })
  const { diffID, bytes } = await packed(packer, contentOf('a', 'b'))
  const tar = gunzipSync(bytes)
  assert.equal(diffID, `sha256:${createHash('sha256').update(tar).digest('hex')}`)
  assert.equal(tar.length % 512, 0)
})

test('entries of the server reach the archive through the thread', async (t) => {
  const { packer } = packerWith(t, 1)
  const entries = [{ kind: 'file', path: 'motd', mode: 0o644, content: Buffer.from('welcome') }] as const
  const { bytes } = await packed(packer, { kind: 'entries', entries })
  assert.equal(gunzipSync(bytes).subarray(512, 519).toString(), 'welcome')
  const twice = { kind: 'entries', entries: [...entries, ...entries] } as const
  await assert.rejects(packer.pack(twice, new Kept(), unaborted), TypeError)
})

test('one content has one sequence of bytes, with one thread or two, first or later', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const files = Object.fromEntries(names.map((name, i) => [name, i * mebibyte]))
  const { packer: one, store, contentOf } = packerWith(t, 1, files)
  const two = createPacker({ threads: 2, storeDirectory: store.folder })
  t.after(() => two.close())
  const blobs = async (packer: Packer, order: readonly string[]) => {
    const results = await Promise.all(
      order.map(async (name) => [name, (await packed(packer, contentOf(name))).blob]),
    )
    return new Map(results.map(([name, blob]) => [name, blob]))
  }
  const expected = await blobs(one, names)
  assert.deepEqual(await blobs(two, names), expected)
  assert.deepEqual(new Map([...(await blobs(two, names.toReversed()))].toReversed()), expected)
})

test('no more than two members of 4 MiB wait for a slow sink, and one for each thread beside', async (t) => {
  const { packer, contentOf } = packerWith(t, 2, { big: 24 * mebibyte })
  const goOn = Promise.withResolvers<void>()
  const slow = new Writable({ write: (_chunk, _encoding, done) => void goOn.promise.finally(done) })
  const slowly = packer.pack(contentOf('big'), slow, unaborted)
  const { diffID } = await packed(packer, contentOf('big'))
  await until(() => isQuiet(slow))
  assert.ok(
    slow.writableLength > 0 && slow.writableLength < 13 * mebibyte,
    `${slow.writableLength} bytes wait`,
  )
  goOn.resolve()
  assert.equal(await slowly, diffID)
})

/** Whether nothing was written for a while. */
async function isQuiet(sink: Writable): Promise<boolean> {
  const before = sink.writableLength
  await setTimeout(500)
  return before > 0 && sink.writableLength === before
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

test('a thread that cannot be started fails its job, with the reason, and no other', async (t) => {
  const { packer, contentOf } = packerWith(t, 2, { big: 30 * mebibyte, small: 10 })
  const { Worker } = threads
  // The first; then the one ahead of the second.
  const refusals = [true, false, true]
  Object.assign(threads, {
    Worker: class extends Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        if (refusals.shift() === true) throw new Error('no room for a thread')
        super(...given)
      }
    },
  })
  syncBuiltinESMExports()
  t.after(() => {
    Object.assign(threads, { Worker })
    syncBuiltinESMExports()
  })
  await assert.rejects(
    packer.pack(contentOf('small'), new Kept(), unaborted),
    (error) => error instanceof PackingFailed && /cannot be started: no room/.test(error.message),
  )
  const taken = Promise.withResolvers<void>()
  const leaving = new AbortController()
  const stays = packer.pack(contentOf('big'), stuck(taken.resolve), leaving.signal)
  await taken.promise
  assert.equal(refusals.length, 0)
  await packed(packer, contentOf('small'))
  leaving.abort(new Error('enough'))
  await assert.rejects(stays, /enough/)
})

test('memory does not grow with the size of a file', async (t) => {
  const { store, contentOf } = packerWith(t, 1, { huge: 0 })
  truncateSync(store.at(storePathOf('huge')), 400 * mebibyte)
  const program = `
    import { Writable } from 'node:stream'
    import { createPacker } from ${JSON.stringify(new URL('./workerPacker.ts', import.meta.url).href)}
    const packer = createPacker({ threads: 1, storeDirectory: ${JSON.stringify(store.folder)} })
    const sink = new Writable({ write: (chunk, encoding, done) => done() })
    await packer.pack(${JSON.stringify(contentOf('huge'))}, sink, new AbortController().signal)
    console.log(process.resourceUsage().maxRSS)`
  // That it ends at all shows that idle threads do not keep a process running.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  const peak = Number(stdout) / 1024
  assert.ok(peak > 0 && peak < 250, `${peak} MiB`)
})

test('the memory of a chunk is taken back from a sink that says so, and from no other', async (t) => {
  const { packer, contentOf } = packerWith(t, 1, { a: 100 })
  const keeping = new Kept()
  const forgetting = Object.assign(new Kept(), { forgetsChunks: true })
  for (const sink of [keeping, forgetting]) await packer.pack(contentOf('a'), sink, unaborted)
  assert.ok(keeping.chunks.every(({ length }) => length > 0))
  assert.ok(forgetting.chunks.every(({ length }) => length === 0))
})

test('an aborted job rejects with the reason, and its thread does the next one', async (t) => {
  const { packer, contentOf } = packerWith(t, 1, { big: 30 * mebibyte, next: 10 })
  const controller = new AbortController()
  const reason = new Error('no longer wanted')
  const sink = stuck(() => controller.abort(reason))
  await assert.rejects(packer.pack(contentOf('big'), sink, controller.signal), reason)
  await packed(packer, contentOf('next'))
  await assert.rejects(packer.pack(contentOf('next'), new Kept(), controller.signal), reason)
})

test('a job that is aborted at once writes nothing', async (t) => {
  const { packer, contentOf } = packerWith(t, 1, { a: 10 })
  const controller = new AbortController()
  const reason = new Error('no longer wanted')
  const sink = new Kept()
  const starting = packer.pack(contentOf('a'), sink, controller.signal)
  controller.abort(reason)
  await assert.rejects(starting, reason)
  await packed(packer, contentOf('a'))
  assert.equal(sink.bytes.length, 0)
})

test('a job that waits for a thread can be aborted, and the ones behind it go on', async (t) => {
  const { packer, contentOf } = packerWith(t, 1, { big: 30 * mebibyte, small: 10 })
  const [first, second] = [new AbortController(), new AbortController()]
  const reason = new Error('no longer wanted')
  const taken = Promise.withResolvers<void>()
  const running = packer.pack(contentOf('big'), stuck(taken.resolve), first.signal)
  await taken.promise
  const waiting = packer.pack(contentOf('small'), new Kept(), second.signal)
  const behind = packed(packer, contentOf('small'))
  second.abort(reason)
  await assert.rejects(waiting, reason)
  first.abort(reason)
  await assert.rejects(running, reason)
  await behind
})

test('a thread that dies fails its job, and another takes its place', async (t) => {
  const { packer, contentOf } = packerWith(t, 1, { big: 30 * mebibyte, next: 10 })
  const threads: Worker[] = []
  const remember = (worker: Worker) => threads.push(worker)
  process.on('worker', remember)
  t.after(() => process.off('worker', remember))
  const sink = stuck(() => void threads[0]?.terminate())
  const failing = packer.pack(contentOf('big'), sink, unaborted)
  const waiting = packed(packer, contentOf('next'))
  await assert.rejects(
    failing,
    (error) => error instanceof PackingFailed && /thread ended in the middle of its work/.test(error.message),
  )
  await waiting
  assert.equal(threads.length, 2)
})

test("a sink's error is passed on as it is, and the thread goes on", async (t) => {
  const { packer, contentOf } = packerWith(t, 1, { big: 30 * mebibyte })
  const full = new Error('the disk is full')
  const failing = new Writable({ write: (_chunk, _encoding, done) => done(full) })
  await assert.rejects(packer.pack(contentOf('big'), failing, unaborted), full)
  await packed(packer, contentOf('big'))
})

test('a sink that is closed early ends the job', async (t) => {
  const { packer, contentOf } = packerWith(t, 1, { big: 30 * mebibyte })
  const sink: Writable = stuck(() => sink.destroy())
  await assert.rejects(packer.pack(contentOf('big'), sink, unaborted), PackingFailed)
})

test('a store path that vanished is told by its name', async (t) => {
  const { packer, store, contentOf } = packerWith(t, 1, { gone: 10 })
  const content = contentOf('gone')
  store.remove(store.registered(storePathOf('gone')))
  await assert.rejects(
    packer.pack(content, new Kept(), unaborted),
    (error) => error instanceof StorePathMissing && error.path === storePathOf('gone'),
  )
})

test('closing ends the jobs that run and those that wait, and refuses new ones', async (t) => {
  const { packer, contentOf } = packerWith(t, 1, { big: 30 * mebibyte })
  const taken = Promise.withResolvers<void>()
  const running = packer.pack(contentOf('big'), stuck(taken.resolve), unaborted)
  await taken.promise
  const waiting = packer.pack(contentOf('big'), new Kept(), unaborted)
  await Promise.all([assert.rejects(running, Stopping), assert.rejects(waiting, Stopping), packer.close()])
  await assert.rejects(packer.pack(contentOf('big'), new Kept(), unaborted), Stopping)
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { StorageFailed } from '../errors.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { chunksOf, streamOf, type BodyPiece } from './body.ts'
import type { ContentRange } from './rangeHeader.ts'
import { SendBuffers } from './sendBuffers.ts'

const content = randomBytes(3_000_000)

/** A file in memory, which says what is done to it. */
function openFile(bytes = content) {
  const file = {
    closed: 0,
    async read(target: Uint8Array, position: number) {
      if (position + target.length > bytes.length) throw new StorageFailed('cut short')
      bytes.copy(target, 0, position)
    },
    async close() {
      file.closed += 1
    },
  }
  return file
}

const largeSize = new SendBuffers().lend(true)?.length
const isLarge = ({ buffer: memory }: Buffer) => memory.byteLength === largeSize

/** Reads like a client that takes every chunk at once, until it gets a large one. */
async function readToLarge(chunks: AsyncGenerator<Buffer, void>): Promise<Buffer> {
  for (;;) {
    const { value: chunk } = await chunks.next()
    assert.ok(chunk, 'no chunk was large')
    if (isLarge(chunk)) return chunk
  }
}

const pieces: readonly BodyPiece[] = [
  Buffer.from('head'),
  { start: 5, end: 1_500_000 },
  Buffer.from('middle'),
  { start: 2_000_000, end: 2_000_000 },
  { start: 2_999_000, end: 2_999_999 },
  Buffer.from('tail'),
]
const expected = Buffer.concat([
  Buffer.from('head'),
  content.subarray(5, 1_500_001),
  Buffer.from('middle'),
  content.subarray(2_000_000, 2_000_001),
  content.subarray(2_999_000),
  Buffer.from('tail'),
])

describe('a body', () => {
  it('out of a file is its pieces in their order, and the file is closed', async () => {
    const file = openFile()
    const got: Buffer[] = []
    for await (const chunk of chunksOf(file, pieces, new SendBuffers())) got.push(Buffer.from(chunk))
    assert.ok(Buffer.concat(got).equals(expected))
    assert.equal(file.closed, 1)
  })

  it('out of a stream is its pieces in their order', async () => {
    const { blobs } = createMemoryStorage()
    const { digest } = await blobs.put(async (sink) => void sink.write(content))
    const blob = { open: (range?: ContentRange) => blobs.open(digest, range) }
    assert.ok((await buffer(await streamOf(blob, pieces))).equals(expected))
    const one = await streamOf(blob, [{ start: 1, end: 9 }])
    assert.ok((await buffer(one)).equals(content.subarray(1, 10)))
  })

  it('of no bytes has no chunk', async () => {
    const file = openFile()
    const chunks = await Array.fromAsync(chunksOf(file, [{ start: 0, end: -1 }], new SendBuffers()))
    assert.deepEqual([chunks.length, file.closed], [0, 1])
  })

  it('out of a file that is cut short is a fault; buffer and file are given back', async () => {
    const buffers = new SendBuffers()
    const file = openFile(content.subarray(0, 2_900_000))
    const whole = chunksOf(file, [{ start: 0, end: content.length - 1 }], buffers)
    const large = await readToLarge(whole)
    await assert.rejects(Array.fromAsync(whole), StorageFailed)
    assert.equal(file.closed, 1)
    assert.equal(buffers.lend(true)?.buffer, large.buffer)
  })

  it('that nobody wants any more gives back its buffer and closes its file', async () => {
    const buffers = new SendBuffers()
    const file = openFile()
    const chunks = chunksOf(file, [{ start: 0, end: content.length - 1 }], buffers)
    const large = await readToLarge(chunks)
    await chunks.return()
    assert.equal(file.closed, 1)
    assert.equal(buffers.lend(true)?.buffer, large.buffer)
  })

  it('has its chunks in one buffer while another answer has the others', async () => {
    const buffers = new SendBuffers()
    while (buffers.lend(true));
    const memory = new Set<ArrayBufferLike>()
    const got: Buffer[] = []
    for await (const chunk of chunksOf(openFile(), pieces, buffers)) {
      if (chunk.length > 100) memory.add(chunk.buffer)
      got.push(Buffer.from(chunk))
    }
    assert.ok(Buffer.concat(got).equals(expected))
    assert.equal(memory.size, 1)
  })

  it('has a small first chunk, and leaves the large buffers to others once its client is slow', async () => {
    const chunks = chunksOf(openFile(), [{ start: 0, end: content.length - 1 }], new SendBuffers())
    const first = await chunks.next()
    assert.ok(first.value && !isLarge(first.value))
    await readToLarge(chunks)
    await sleep(300)
    const next = await chunks.next()
    assert.ok(next.value && !isLarge(next.value))
    await chunks.return()
  })

  it('gets large buffers for a client that reads, whoever stopped reading before', async () => {
    const buffers = new SendBuffers()
    const bytes = Buffer.alloc(16e6)
    const whole = () => chunksOf(openFile(bytes), [{ start: 0, end: bytes.length - 1 }], buffers)
    // The system takes 4 MB on its own.
    const others = Array.from({ length: 100 }, whole)
    for (const other of others) {
      for (let taken = 0; taken < 4e6;) taken += (await other.next()).value?.length ?? 0
    }
    await readToLarge(whole())
    await Promise.all(others.map((other) => other.return()))
  })
})

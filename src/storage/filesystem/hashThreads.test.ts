import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { hashOfFile } from './hashThreads.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-hash-'))
})
after(() => rm(folder, { recursive: true }))

test('files have the sha256 of their bytes, however many are asked for at once', async () => {
  const sizes = [0, 1, 1 << 20, (1 << 20) + 1, ...Array.from({ length: 20 }, (_, index) => index * 1000)]
  const contents = sizes.map((size, index) => Buffer.alloc(size, `content ${index}`))
  const paths = contents.map((_, index) => join(folder, String(index)))
  for (const [index, path] of paths.entries()) await writeFile(path, contents[index] ?? '')
  const expected = contents.map((bytes) => createHash('sha256').update(bytes).digest('hex'))
  assert.deepEqual(await Promise.all(paths.map(hashOfFile)), expected)
})

test('a file that cannot be read is told by its code, and the next one is read', async () => {
  await assert.rejects(hashOfFile(join(folder, 'nothing')), { code: 'ENOENT' })
  await assert.rejects(hashOfFile(folder), { code: 'EISDIR' })
  await writeFile(join(folder, 'a'), 'a')
  assert.equal(await hashOfFile(join(folder, 'a')), createHash('sha256').update('a').digest('hex'))
})

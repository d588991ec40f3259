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
  assert.deepEqual(
    await Promise.all(paths.map((path, index) => hashOfFile(path, sizes[index] ?? 0))),
    expected,
  )
})

test('a file that cannot be read is told by its code, and the next one is read', async () => {
  await assert.rejects(hashOfFile(join(folder, 'nothing'), 0), { code: 'ENOENT' })
  await assert.rejects(hashOfFile(folder, 0), { code: 'EISDIR' })
  await writeFile(join(folder, 'a'), 'a')
  assert.equal(await hashOfFile(join(folder, 'a'), 1), createHash('sha256').update('a').digest('hex'))
})

test('a small file does not wait for all the large ones that were asked for before it', async () => {
  const [large, small] = [join(folder, 'large'), join(folder, 'small')]
  await writeFile(large, Buffer.alloc(8 << 20))
  await writeFile(small, 'small')
  const ended: string[] = []
  const note = async (name: string, size: number) => {
    await hashOfFile(join(folder, name), size)
    ended.push(name)
  }
  await Promise.all([...Array.from({ length: 16 }, () => note('large', 8 << 20)), note('small', 5)])
  assert.ok(ended.indexOf('small') < ended.length - 1, ended.join())
})

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { toStorePath } from '../store/storePath.ts'
import { Journal } from './journal.ts'

const node = (digit: string) => ({
  path: toStorePath(`/nix/store/${digit.repeat(32)}-p`),
  size: Number(digit),
  references: [toStorePath(`/nix/store/${'9'.repeat(32)}-q`)],
})

test('what was added is known to whoever opens it again, except for a line that was cut off', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-journal-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'new', 'journal')
  const first = await Journal.open(file)
  for (const digit of ['1', '2', '3']) first.add(node(digit))
  await first.close()

  await truncate(file, (await readFile(file)).length - 5)
  const second = await Journal.open(file)
  assert.deepEqual([second.get('1'.repeat(32)), second.get('3'.repeat(32))], [node('1'), undefined])
  second.add(node('4'))
  await second.close()

  await writeFile(file, 'senseless\n', { flag: 'a' })
  const third = await Journal.open(file)
  assert.deepEqual(third.get('4'.repeat(32)), node('4'))
  assert.equal(third.size, 3)
  await third.close()
})

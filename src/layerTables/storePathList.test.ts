import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { InvalidData } from '../errors.ts'
import { readStorePathList } from './storePathList.ts'

const paths = ['0', '1'].map((digit) => `/nix/store/${digit.repeat(32)}-p${digit}`)
const text = `${paths.join('\n')}\n`

test('a list is read, compressed with xz or not; what is no list is refused', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-list-'))
  t.after(() => rm(folder, { recursive: true }))
  const compressed = execFileSync('xz', ['--stdout'], { input: text })
  const write = async (name: string, bytes: string | Uint8Array) => {
    await writeFile(join(folder, name), bytes)
    return join(folder, name)
  }
  const read = (file: string) => readStorePathList(file, t.signal)
  assert.deepEqual(await read(await write('plain', text)), paths)
  assert.deepEqual(await read(await write('store-paths.xz', compressed)), paths)
  const wrong = {
    damaged: compressed.subarray(0, -20),
    other: '<html>\n',
  }
  for (const [name, bytes] of Object.entries(wrong)) {
    await assert.rejects(read(await write(name, bytes)), InvalidData, name)
  }
  await assert.rejects(read(join(folder, 'absent')), /is not there/)
})

import assert from 'node:assert/strict'
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SourceFailed } from '../errors.ts'
import { Checkouts } from './checkouts.ts'
import { createFolder, recordingRun } from './testing.ts'

async function setUp(t: TestContext) {
  const folder = await createFolder(t)
  const { run } = recordingRun(t)
  const checkouts = new Checkouts({ folder, kept: 1, most: 3, isIntact: async () => true })
  const commit = (digit: string) => digit.repeat(40)
  const add = (digit: string, always = false) => {
    const write = async (into: string) => {
      await writeFile(join(into, 'source/default.nix'), digit)
      return { created: 1 }
    }
    return checkouts.add(commit(digit), run, write, always)
  }
  return { folder, checkouts, commit, add, run }
}

test('ATTACK: who asks for commit after commit does not fill the disk, and branches are still fetched', async (t) => {
  const { folder, checkouts, commit, add, run } = await setUp(t)
  for (const digit of ['1', '2', '3']) await add(digit)
  await assert.rejects(add('4'), (error) => {
    assert.ok(error instanceof SourceFailed)
    assert.match(error.message, /3 commits of the package set are in use/)
    return true
  })
  await add('5', true)
  assert.deepEqual(await checkouts.prune(), [])
  // After an hour without use there is room again.
  const long = Date.now() / 1000 - 2 * 3600
  for (const digit of ['1', '2', '3']) await utimes(join(folder, commit(digit)), long, long)
  await add('4')
  assert.equal((await checkouts.find(commit('2'), run))?.created, 1)
  assert.deepEqual((await checkouts.prune()).toSorted(), [commit('1'), commit('3')])
  assert.deepEqual((await readdir(folder)).toSorted(), ['2', '4', '5'].map(commit))
})

test('what fails while it is written is not there, and leaves nothing', async (t) => {
  const { folder, checkouts, commit, add, run } = await setUp(t)
  const fail = async (into: string) => {
    await writeFile(join(into, 'source/half'), '')
    throw new Error('the disk is full')
  }
  await assert.rejects(checkouts.add(commit('1'), run, fail), /the disk is full/)
  assert.equal(await checkouts.find(commit('1'), run), undefined)
  assert.deepEqual(await readdir(folder), [])
  await add('1')
  assert.deepEqual(await checkouts.complete('111'), [commit('1')])
})

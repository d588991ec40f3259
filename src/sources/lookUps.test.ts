import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { UnknownTag } from '../errors.ts'
import { createChannelSource } from './channel.ts'
import { createGitSource } from './git.ts'
import { serveRepository } from './serveRepository.testing.ts'
import type { PackageSource } from './source.ts'
import { createFolder, memoryTips, recordingRun, TestRepository } from './testing.ts'

/** Milliseconds before each answer of the remote. */
const delay = 200
const many = Array.from({ length: 200 }, (_, count) => count)

async function setUp(t: TestContext, kind: 'git' | 'channel', wait = delay) {
  const folder = await createFolder(t)
  const repository = await TestRepository.create(t, join(folder, 'repository'))
  const commit = await repository.commit({ 'default.nix': '{ }' })
  await repository.git('branch', 'nixos-26.05')
  const served = await serveRepository(t, repository, { delay: wait, smart: true })
  const common = { cacheDir: join(folder, 'cache'), pinTtl: 600, tips: memoryTips() }
  const channel = { channel: 'nixos-26.05', baseUrl: served.url, tags: ['*'] }
  const source: PackageSource =
    kind === 'git' ? createGitSource(served.url, common) : createChannelSource({ ...channel, ...common })
  t.after(() => source.close())
  return { source, served, commit, ...recordingRun(t) }
}

for (const kind of ['git', 'channel'] as const) {
  test(`ATTACK: 200 unknown tags of a ${kind} do not hold up latest, and the remote is asked once`, async (t) => {
    const { source, served, commit, run } = await setUp(t, kind)
    const unknown = many.map((count) => assert.rejects(source.pin(`unknown-${count}`, run), UnknownTag))
    const start = performance.now()
    assert.equal((await source.pin('latest', run)).id, `${kind}:${commit}`)
    assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`)
    await Promise.all(unknown)
    await Promise.all(many.map((count) => assert.rejects(source.pin(`later-${count}`, run), UnknownTag)))
    const asked = served.requests.filter((path) => path === '/info/refs').length
    assert.ok(asked <= 2, `${asked} times`)
  })

  test(`ATTACK: 200 unknown short commits of a ${kind} do not hold up latest`, async (t) => {
    const { source, commit, run } = await setUp(t, kind)
    const unknown = many.map((count) =>
      assert.rejects(source.pin(`abcdef0${count.toString(16)}`, run), UnknownTag),
    )
    const start = performance.now()
    assert.equal((await source.pin('latest', run)).id, `${kind}:${commit}`)
    assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`)
    await Promise.all(unknown)
  })
}

test('ATTACK: 200 unknown commits do not hold up latest', async (t) => {
  const { source, commit, run } = await setUp(t, 'git')
  const unknown = many.map(async (count) => {
    const revision = await source.pin(count.toString(16).padStart(40, '0'), run)
    assert.equal(revision.trusted, false)
  })
  const start = performance.now()
  assert.equal((await source.pin('latest', run)).id, `git:${commit}`)
  assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`)
  await Promise.all(unknown)
})

test('a look-up is dropped when the client leaves', async (t) => {
  // The remote answers long after the client has left, also on a busy machine.
  const { source, run } = await setUp(t, 'git', 10_000)
  for (const tag of ['main', 'latest', 'abcdef01', 'a'.repeat(40)]) {
    const left = new AbortController()
    const pinned = source.pin(tag, { ...run, signal: left.signal })
    setTimeout(() => left.abort(new Error('the client left')), 50)
    const start = performance.now()
    await assert.rejects(pinned, { message: 'the client left' })
    assert.ok(performance.now() - start < 5_000)
  }
})

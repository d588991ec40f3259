import assert from 'node:assert/strict'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { StorageFailed, UnknownTag } from '../errors.ts'
import { git } from './gitCommand.ts'
import { createGitSource } from './git.ts'
import { History } from './history.ts'
import { Remote } from './remote.ts'
import { serveRepository } from './serveRepository.testing.ts'
import { createFolder, memoryTips, recordingRun, TestRepository } from './testing.ts'

/** A forge: it hands out any commit that it has, also those of forks, which no branch or tag leads to. */
async function setUp(t: TestContext, { filter = true } = {}) {
  const folder = await createFolder(t)
  const repository = await TestRepository.create(t, join(folder, 'repository'))
  await repository.git('config', 'uploadpack.allowAnySHA1InWant', 'true')
  await repository.git('config', 'uploadpack.allowFilter', String(filter))
  const first = await repository.commit({ 'default.nix': '{ }' })
  const tagged = await repository.commit({ 'default.nix': '{ a = 1; }' })
  await repository.git('tag', '--annotate', '--message=words', 'v1')
  const main = await repository.commit({ 'default.nix': '{ b = 1; }' })
  await repository.git('checkout', '--quiet', '--detach')
  const fork = await repository.commit({ 'default.nix': 'throw (builtins.getEnv "HOME")' })
  await repository.git('update-ref', 'refs/pull/1/head', fork)
  await repository.git('checkout', '--quiet', 'main')
  const served = await serveRepository(t, repository, { smart: true })
  const cacheDir = join(folder, 'cache')
  const tips = memoryTips()
  const newSource = (pinTtl = 0) => {
    const source = createGitSource(served.url, { cacheDir, tips, pinTtl })
    t.after(() => source.close())
    return source
  }
  return { repository, first, tagged, main, fork, served, cacheDir, tips, newSource, ...recordingRun(t) }
}

for (const filter of [true, false]) {
  const able = filter ? 'leave files out' : 'only send everything'
  test(`ATTACK: a commit of a fork is handed out, but not trusted (a remote that can ${able})`, async (t) => {
    const { first, tagged, main, fork, newSource, cacheDir, run } = await setUp(t, { filter })
    const source = newSource()
    const revision = await source.pin(fork, run)
    assert.equal(revision.trusted, false)
    const { path } = (await source.fetch(revision, run)).location
    assert.match(await readFile(join(path, 'default.nix'), 'utf8'), /getEnv/)
    for (const commit of [first, tagged, main]) assert.equal((await source.pin(commit, run)).trusted, true)
    for (const tag of ['latest', 'main', 'v1']) assert.equal((await source.pin(tag, run)).trusted, true)
    // Having been fetched is no reason to be trusted.
    assert.equal((await newSource().pin(fork, run)).trusted, false)
    const history = (await readdir(cacheDir)).find((name) => name.startsWith('history-')) ?? ''
    const args = [`--git-dir=${join(cacheDir, history)}`, 'cat-file', '--batch-all-objects', '--batch-check']
    const kinds = new Set((await git(args, run)).split('\n').map((line) => line.split(' ')[1]))
    assert.equal(kinds.has('blob') || kinds.has('tree'), !filter)
  })
}

test('a commit is trusted as soon as a branch has it', async (t) => {
  const { repository, fork, newSource, run } = await setUp(t)
  const source = newSource()
  assert.equal((await source.pin(fork, run)).trusted, false)
  await repository.git('merge', '--quiet', '--no-edit', '-s', 'ours', fork)
  assert.equal((await source.pin(fork, run)).trusted, true)
})

test('what a branch has left behind is trusted only if the branch was seen pointing at it', async (t) => {
  const { repository, main, newSource, run, tips } = await setUp(t)
  const source = newSource()
  const inside = await repository.commit({ 'default.nix': '{ c = 1; }' })
  const tip = await repository.commit({ 'default.nix': '{ d = 1; }' })
  assert.equal((await source.pin('main', run)).id, `git:${tip}`)
  assert.equal((await source.pin(inside, run)).trusted, true)
  await repository.git('reset', '--quiet', '--hard', main)
  assert.deepEqual(tips.ids, [`git:${tip}`])
  assert.equal((await newSource().pin(tip, run)).trusted, true)
  assert.equal((await newSource().pin(inside, run)).trusted, false)
})

test('the commits that were fetched last are used on while the remote is down', async (t) => {
  const { first, fork, newSource, served, run, events } = await setUp(t)
  assert.equal((await newSource().pin(first, run)).trusted, true)
  served.stop()
  assert.equal((await newSource().pin(first, run)).trusted, true)
  assert.equal((await newSource().pin(fork, run)).trusted, false)
  assert.match(JSON.stringify(events), /the history of the remote cannot be fetched/)
})

test('a verdict is remembered: neither git nor the remote is asked again', async (t) => {
  const { first, fork, newSource, served, run } = await setUp(t)
  const source = newSource(600)
  for (const commit of [first, fork]) await source.pin(commit, run)
  const asked = served.requests.length
  for (const commit of [first, fork]) {
    const start = performance.now()
    await source.pin(commit, run)
    assert.ok(performance.now() - start < 20)
  }
  assert.equal(served.requests.length, asked)
})

test('a damaged history is fetched anew', async (t) => {
  const { repository, first, newSource, cacheDir, run } = await setUp(t)
  assert.equal((await newSource().pin(first, run)).trusted, true)
  const history = (await readdir(cacheDir)).find((name) => name.startsWith('history-')) ?? ''
  const packs = join(cacheDir, history, 'objects/pack')
  for (const name of await readdir(packs)) await rm(join(packs, name))
  await repository.commit({ 'default.nix': '{ e = 1; }' })
  assert.equal((await newSource().pin(first, run)).trusted, true)
})

test('ATTACK: a remote that sends too much is given up, and its commits are not trusted', async (t) => {
  const { repository, first, cacheDir, run, events } = await setUp(t, { filter: false })
  const { url } = await serveRepository(t, repository, { smart: true, delay: 1_500 })
  const history = new History(join(cacheDir, 'history.git'), new Remote(url), 0, -1)
  t.after(() => history.close())
  assert.equal(await history.contains(first, run), false)
  assert.match(JSON.stringify(events), /cannot be fetched.*more than -1 bytes/)
})

test('a short commit is found, or refused with those that it may be', async (t) => {
  const { repository, first, main, newSource, run } = await setUp(t)
  const source = newSource()
  for (const commit of [first, main]) {
    const revision = await source.pin(commit.slice(0, 10), run)
    assert.deepEqual([revision.id, revision.trusted], [`git:${commit}`, true])
  }
  await assert.rejects(source.pin('0123456', run), (error) => {
    assert.ok(error instanceof UnknownTag)
    assert.match(error.message, /no branch or tag '0123456', and no commit known here begins so/)
    return true
  })
  // A branch goes first.
  await repository.git('branch', first.slice(0, 10), main)
  assert.equal((await source.pin(first.slice(0, 10), run)).id, `git:${main}`)
})

test('a storage that does not work keeps no branch from being served', async (t) => {
  const { served, cacheDir, main, run, events } = await setUp(t)
  const fail = async () => Promise.reject(new StorageFailed('the disk is full'))
  const source = createGitSource(served.url, { cacheDir, tips: { get: fail, put: fail }, pinTtl: 0 })
  const revision = await source.pin('main', run)
  assert.deepEqual([revision.id, revision.trusted], [`git:${main}`, true])
  assert.match(JSON.stringify(events), /could not be noted .*the disk is full/)
})

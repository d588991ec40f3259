import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidSource, SourceFailed } from '../errors.ts'
import { createChannelSource } from './channel.ts'
import { createGitSource } from './git.ts'
import { createPathSource } from './path.ts'
import { serveRepository } from './serveRepository.testing.ts'
import type { PackageSource } from './source.ts'
import { StartCheck } from './startCheck.ts'
import { createFolder, memoryTips, recordingRun, TestRepository } from './testing.ts'

async function setUp(t: TestContext) {
  const folder = await createFolder(t)
  const repository = await TestRepository.create(t, join(folder, 'repository'))
  const common = { cacheDir: join(folder, 'cache'), pinTtl: 0, tips: memoryTips() }
  const closing = (source: PackageSource) => {
    t.after(() => source.close())
    return source
  }
  const git = (address: string) => closing(createGitSource(address, common))
  const path = (name: string) => closing(createPathSource(name))
  const channel = (baseUrl: string, name = 'main') =>
    closing(createChannelSource({ ...common, baseUrl, channel: name, tags: [] }))
  return { folder, repository, git, path, channel, ...recordingRun(t) }
}

/** What is wrong for good, by words that help. */
const isInvalid = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof InvalidSource, String(error))
  assert.match(error.message, words)
  return true
}
/** What may be over the next time. */
const isAway = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SourceFailed && !(error instanceof InvalidSource), String(error))
  assert.match(error.message, words)
  return true
}

test('a folder that is not there, or has no default.nix, is wrong for good', async (t) => {
  const { folder, path, run } = await setUp(t)
  await assert.rejects(path(join(folder, 'none')).check(run), isInvalid(/no package set at .*none/))
  await mkdir(join(folder, 'empty'))
  await assert.rejects(path(join(folder, 'empty')).check(run), isInvalid(/no file default\.nix/))
  await writeFile(join(folder, 'empty/default.nix'), '{ }')
  await path(join(folder, 'empty')).check(run)
  await path(join(folder, 'empty/default.nix')).check(run)
})

test('a repository that is not there, is empty, or has no default.nix is wrong for good', async (t) => {
  const { folder, repository, git, run } = await setUp(t)
  await assert.rejects(
    git(join(folder, 'none')).check(run),
    isInvalid(/none cannot be read.*does not appear to be/),
  )
  await assert.rejects(git(repository.folder).check(run), isInvalid(/is empty/))
  await repository.commit({ 'other.nix': '{ }' })
  await assert.rejects(git(repository.folder).check(run), isInvalid(/main .* is no package set/))
  await repository.commit({ 'default.nix': '{ }' })
  await git(repository.folder).check(run)
})

test('a remote that is down is only away; one that lacks the repository is not', async (t) => {
  const { repository, git, run } = await setUp(t)
  await repository.commit({ 'default.nix': '{ }' })
  const served = await serveRepository(t, repository, {
    smart: true,
    instead: (path, _request, response) => {
      if (path.startsWith('/none')) response.writeHead(404).end()
      else if (path.startsWith('/busy')) response.writeHead(503).end()
      else return false
      return true
    },
  })
  await git(served.url).check(run)
  await assert.rejects(git(`${served.url}/none`).check(run), isInvalid(/none.*not found/))
  await assert.rejects(git(`${served.url}/busy`).check(run), isAway(/503/))
  served.stop()
  await assert.rejects(git(served.url).check(run), isAway(/Failed to connect|Connection refused/i))
})

test('a channel is looked at: its name, its tarball, and what is in it', async (t) => {
  const { repository, channel, run } = await setUp(t)
  await repository.commit({ 'other.nix': '{ }' })
  await repository.git('branch', 'nixos-bad')
  const commit = await repository.commit({ 'default.nix': '{ }' })
  const served = await serveRepository(t, repository)
  await channel(served.url).check(run)
  await channel(served.url, commit).check(run)
  await assert.rejects(channel(served.url, 'nixos-none').check(run), isInvalid(/no channel 'nixos-none'/))
  await assert.rejects(channel(served.url, 'nixos-bad').check(run), isInvalid(/is no package set/))
  await assert.rejects(
    channel(served.url, 'f'.repeat(40)).check(run),
    isInvalid(/there is no commit f+: .*404/),
  )
  await assert.rejects(channel('file:///srv/nixpkgs').check(run), isInvalid(/not an address of the web/))
  served.stop()
  await assert.rejects(channel(served.url, 'nixos-down').check(run), isAway(/connect/i))
})

test('a start fails for what is wrong for good, and says so once', async (t) => {
  const { folder, path, run, events } = await setUp(t)
  const check = new StartCheck(path(join(folder, 'none')), run.onEvent, { retryAfter: 20 })
  t.after(() => check.stop())
  await assert.rejects(check.start(), InvalidSource)
  assert.throws(() => check.ready(), /no package set at/)
  await sleep(200)
  assert.equal(events.length, 1)
})

test('a start goes on while the remote is away, and the server is ready when it is back', async (t) => {
  const { folder, repository, git, run } = await setUp(t)
  await repository.commit({ 'default.nix': '{ }' })
  let down = true
  const served = await serveRepository(t, repository, {
    smart: true,
    instead: (_path, _request, response) => {
      if (down) response.writeHead(503).end()
      return down
    },
  })
  const check = new StartCheck(git(served.url), run.onEvent, { retryAfter: 20 })
  t.after(() => check.stop())
  await check.start()
  assert.throws(() => check.ready(), /503/)
  down = false
  const deadline = performance.now() + 20_000
  const isReady = () => {
    try {
      check.ready()
      return true
    } catch {
      return performance.now() > deadline
    }
  }
  while (!isReady()) await sleep(20)
  check.ready()
  await rm(join(folder, 'cache'), { recursive: true })
})

test('a start does not wait for ever, and a stop ends the look', async (t) => {
  const { repository, git, run } = await setUp(t)
  await repository.commit({ 'default.nix': '{ }' })
  const served = await serveRepository(t, repository, { smart: true, delay: 60_000 })
  const check = new StartCheck(git(served.url), run.onEvent, { patience: 50 })
  await check.start()
  assert.throws(() => check.ready(), /still being fetched/)
  const start = performance.now()
  await check.stop()
  assert.ok(performance.now() - start < 10_000)
})

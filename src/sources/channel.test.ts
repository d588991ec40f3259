import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SourceFailed, UnknownTag } from '../errors.ts'
import { createChannelSource } from './channel.ts'
import { createGitSource } from './git.ts'
import { hashTree } from './hashTree.ts'
import { serveRepository } from './serveRepository.testing.ts'
import { createFolder, memoryTips, recordingRun, TestRepository } from './testing.ts'

async function setUp(t: TestContext) {
  const folder = await createFolder(t)
  const repository = await TestRepository.create(t, join(folder, 'repository'))
  const old = await repository.commit({ 'default.nix': '{ }', version: '1' })
  await repository.git('branch', 'nixos-25.11')
  await repository.git('tag', 'nixos-tagged')
  const latest = await repository.commit({ version: '2' })
  await repository.git('branch', 'nixos-26.05')
  await repository.git('branch', 'secret')
  const served = await serveRepository(t, repository)
  const tips = memoryTips()
  const options = {
    cacheDir: join(folder, 'cache'),
    tips,
    channel: 'nixos-26.05',
    baseUrl: served.url,
    tags: ['nixos-*', 'nixpkgs-*'],
    pinTtl: 600,
  }
  return { repository, old, latest, served, options, tips, ...recordingRun(t) }
}

test('latest is the configured channel; channels that match, and commits, may be asked for', async (t) => {
  const { options, old, latest, run } = await setUp(t)
  const source = createChannelSource(options)
  const label = `nixos-26.05 (${latest.slice(0, 7)})`
  assert.deepEqual(await source.pin('latest', run), { id: `channel:${latest}`, label, trusted: true })
  assert.deepEqual(await source.pin('nixos-26.05', run), { id: `channel:${latest}`, label, trusted: true })
  assert.equal((await source.pin('nixos-25.11', run)).id, `channel:${old}`)
  assert.deepEqual(await source.pin(old, run), {
    id: `channel:${old}`,
    label: old.slice(0, 7),
    trusted: true,
  })
})

test('the configured channel may be a commit', async (t) => {
  const { options, old, run } = await setUp(t)
  assert.equal(
    (await createChannelSource({ ...options, channel: old }).pin('latest', run)).id,
    `channel:${old}`,
  )
})

test('a tag that no pattern allows, or that is no channel, is unknown', async (t) => {
  const { options, run, served } = await setUp(t)
  const source = createChannelSource(options)
  for (const tag of ['secret', 'main', 'xnixos-26.05', 'nixos', '-h']) {
    await assert.rejects(source.pin(tag, run), (error) => {
      assert.ok(error instanceof UnknownTag)
      assert.match(error.message, /'latest', a channel that matches nixos-\* or nixpkgs-\*, or a commit/)
      return true
    })
  }
  assert.deepEqual(served.requests, [])
  for (const tag of ['nixos-99', 'nixos-tagged']) {
    await assert.rejects(source.pin(tag, run), (error) => {
      assert.ok(error instanceof UnknownTag)
      assert.match(error.message, new RegExp(`no channel '${tag}'`))
      return true
    })
  }
})

test('a channel is looked up once in its time', async (t) => {
  const { options, latest, run, served, repository } = await setUp(t)
  const source = createChannelSource(options)
  const pins = await Promise.all([source.pin('latest', run), source.pin('latest', run)])
  await repository.git('branch', '--force', 'nixos-26.05', 'HEAD~1')
  await repository.git('update-server-info')
  pins.push(await source.pin('latest', run))
  assert.deepEqual(new Set(pins.map(({ id }) => id)), new Set([`channel:${latest}`]))
  assert.equal(served.requests.filter((path) => path === '/info/refs').length, 1)
})

test('a remote that is down is an error of the source', async (t) => {
  const { options, run, served } = await setUp(t)
  served.stop()
  await assert.rejects(createChannelSource(options).pin('latest', run), (error) => {
    assert.ok(error instanceof SourceFailed)
    assert.match(error.message, /127\.0\.0\.1/)
    return true
  })
})

test('the server fetches the tarball of a commit itself, and once', async (t) => {
  const { options, old, latest, served, run, events } = await setUp(t)
  const source = createChannelSource(options)
  const fetch = async (tag: string) => (await source.fetch(await source.pin(tag, run), run)).location.path
  const paths = await Promise.all(['latest', old, 'latest', old].map(fetch))
  assert.deepEqual(await Promise.all(paths.map((path) => readFile(join(path, 'version'), 'utf8'))), [
    '2',
    '1',
    '2',
    '1',
  ])
  assert.ok(paths.every((path) => basename(path) === 'source'))
  assert.equal(
    await createChannelSource(options)
      .pin(latest, run)
      .then(({ trusted }) => trusted),
    true,
  )
  await createChannelSource(options).fetch(await source.pin('latest', run), run)
  assert.equal(served.requests.filter((path) => path.startsWith('/archive/')).length, 2)
  const lines = events.flatMap((event) => (event.kind === 'log' ? [event.line] : []))
  assert.match(lines.join('\n'), new RegExp(`fetched ${latest}: \\d+ bytes, sha256 [0-9a-f]{64}`))
})

test('the files of a tarball have names, modes and links as git has them', async (t) => {
  const { options, repository, run } = await setUp(t)
  const long = `${'long/'.repeat(60)}${'n'.repeat(120)}`
  await writeFile(join(repository.folder, 'run'), '#!/bin/sh', { mode: 0o755 })
  await mkdir(join(repository.folder, 'a'))
  await symlink('../version', join(repository.folder, 'a/link'))
  const commit = await repository.commit({ [long]: 'x', 'ünïcode/é': 'y', 'a/b': '', empty: '' })
  const source = createChannelSource({ ...options, channel: commit })
  const { path } = (await source.fetch(await source.pin('latest', run), run)).location
  const checkout = join(options.cacheDir, 'git')
  const git = createGitSource(repository.folder, { cacheDir: checkout, tips: options.tips, pinTtl: 0 })
  const same = await git.fetch(await git.pin('latest', run), run)
  assert.equal(hashTree(path), hashTree(same.location.path))
})

test('a commit that has no tarball is an unknown tag', async (t) => {
  const { options, run } = await setUp(t)
  const source = createChannelSource(options)
  await assert.rejects(source.fetch(await source.pin('0'.repeat(40), run), run), (error) => {
    assert.ok(error instanceof UnknownTag)
    assert.match(error.message, /there is no commit 0{40}: the server answered 404/)
    return true
  })
})

test('old tarballs go, those asked for lately stay; a damaged one is fetched again', async (t) => {
  const { options, repository, old, run, served } = await setUp(t)
  const source = createChannelSource(options)
  const fetch = async (commit: string) => source.fetch(await source.pin(commit, run), run)
  await fetch(old)
  await utimes(join(options.cacheDir, 'channel', old), 1, 1)
  for (let count = 0; count < 8; count++) await fetch(await repository.commit({ version: `later ${count}` }))
  const kept = await readdir(join(options.cacheDir, 'channel'))
  assert.equal(kept.length, 8)
  assert.ok(!kept.includes(old))
  const commit = kept[0] ?? ''
  const folder = join(options.cacheDir, 'channel', commit)
  const record = JSON.parse(await readFile(join(folder, 'checkout.json'), 'utf8'))
  for (const version of ['damaged', undefined]) {
    if (version !== undefined) await writeFile(join(folder, 'source/version'), version)
    await writeFile(join(folder, 'checkout.json'), JSON.stringify({ ...record, boot: 'before' }))
    const before = served.requests.length
    const after = createChannelSource(options)
    const { path } = (await after.fetch(await after.pin(commit, run), run)).location
    assert.match(await readFile(join(path, 'version'), 'utf8'), /^later/)
    assert.equal(served.requests.length - before, version === undefined ? 0 : 1)
  }
})

test('a commit is trusted if a channel pointed at it when it was first seen', async (t) => {
  const { options, repository, old, latest, run, tips } = await setUp(t)
  const source = createChannelSource(options)
  const trusted = async (tag: string) => (await createChannelSource(options).pin(tag, run)).trusted
  assert.equal(await trusted(old), false)
  assert.equal(await trusted(latest), false)
  await source.pin('latest', run)
  assert.deepEqual(tips.ids, [`channel:${latest}`])
  assert.equal(await trusted(latest), true)
  assert.equal(await trusted(old), false)
  // It stays trusted when the channel moves on.
  await repository.git('branch', '--force', 'nixos-26.05', 'HEAD~1')
  await repository.git('update-server-info')
  assert.equal((await createChannelSource(options).pin('nixos-26.05', run)).id, `channel:${old}`)
  assert.equal(await trusted(latest), true)
})

test('a commit that the operator configured is trusted', async (t) => {
  const { options, old, run } = await setUp(t)
  const source = createChannelSource({ ...options, channel: old })
  assert.equal((await source.pin('latest', run)).trusted, true)
  assert.equal((await source.pin(old, run)).trusted, true)
})

test('a short commit is found among those that channels point at, or refused', async (t) => {
  const { options, latest, old, run } = await setUp(t)
  const source = createChannelSource(options)
  assert.equal((await source.pin(latest.slice(0, 9), run)).id, `channel:${latest}`)
  assert.equal((await source.pin(old.slice(0, 7), run)).id, `channel:${old}`)
  await assert.rejects(source.pin('0123456', run), (error) => {
    assert.ok(error instanceof UnknownTag)
    assert.match(error.message, /'0123456'.*no commit known here begins so: name it by its 40 digits/)
    return true
  })
})

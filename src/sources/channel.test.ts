import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { EvaluationFailed, SourceFailed, UnknownTag } from '../errors.ts'
import { createTestNix } from '../nix/testing.ts'
import { createChannelSource } from './channel.ts'
import { serveRepository } from './serveRepository.testing.ts'
import { createFolder, recordingRun, TestRepository } from './testing.ts'

const set = `{ system, ... }: {
  hello = derivation { name = "hello-\${builtins.readFile ./version}"; inherit system; builder = "/bin/sh"; };
}`

async function setUp(t: TestContext) {
  const folder = await createFolder(t)
  const repository = await TestRepository.create(t, join(folder, 'repository'))
  const old = await repository.commit({ 'default.nix': set, version: '1' })
  await repository.git('branch', 'nixos-25.11')
  await repository.git('tag', 'nixos-tagged')
  const latest = await repository.commit({ version: '2' })
  await repository.git('branch', 'nixos-26.05')
  await repository.git('branch', 'secret')
  const served = await serveRepository(t, repository)
  const options = {
    channel: 'nixos-26.05',
    baseUrl: served.url,
    tags: ['nixos-*', 'nixpkgs-*'],
    pinTtl: 600,
  }
  return { repository, old, latest, served, options, ...recordingRun(t) }
}

test('latest is the configured channel; channels that match, and commits, may be asked for', async (t) => {
  const { options, old, latest, run } = await setUp(t)
  const source = createChannelSource(options)
  const label = `nixos-26.05 (${latest.slice(0, 7)})`
  assert.deepEqual(await source.pin('latest', run), { id: `channel:${latest}`, label })
  assert.deepEqual(await source.pin('nixos-26.05', run), { id: `channel:${latest}`, label })
  assert.equal((await source.pin('nixos-25.11', run)).id, `channel:${old}`)
  assert.deepEqual(await source.pin(old, run), { id: `channel:${old}`, label: old.slice(0, 7) })
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

test('Nix evaluates the tarball of the commit, and fetches it once', async (t) => {
  const { options, old, served, run } = await setUp(t)
  const { nix } = await createTestNix(t)
  const source = createChannelSource(options)
  const names: string[] = []
  for (const tag of ['latest', old, 'latest', old]) {
    const { location } = await source.fetch(await source.pin(tag, run), run)
    const [hello] = await nix.evaluate({ location, system: 'x86_64-linux', attributes: ['hello'] }, run)
    names.push(hello?.name ?? '')
  }
  assert.deepEqual(names, ['hello-2', 'hello-1', 'hello-2', 'hello-1'])
  assert.equal(served.requests.filter((path) => path.startsWith('/archive/')).length, 2)
})

test('a commit that has no tarball is a set that cannot be evaluated', async (t) => {
  const { options, run } = await setUp(t)
  const { nix } = await createTestNix(t)
  const source = createChannelSource(options)
  const { location } = await source.fetch(await source.pin('0'.repeat(40), run), run)
  const query = { location, system: 'x86_64-linux', attributes: ['hello'] } as const
  await assert.rejects(nix.evaluate(query, run), (error) => {
    assert.ok(error instanceof EvaluationFailed)
    assert.match(error.message, /unable to download .*404/)
    return true
  })
})

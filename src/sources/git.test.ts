import assert from 'node:assert/strict'
import { lstat, readdir, readFile, readlink, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SourceFailed, UnknownTag } from '../errors.ts'
import { setEnvironment } from '../process/testing.ts'
import { createGitSource } from './git.ts'
import { serveRepository } from './serveRepository.testing.ts'
import { createFolder, memoryTips, recordingRun, TestRepository } from './testing.ts'

async function setUp(t: TestContext) {
  const folder = await createFolder(t)
  const repository = await TestRepository.create(t, join(folder, 'repository'))
  const first = await repository.commit({ 'default.nix': '{ }', 'pkgs/a.nix': '1' })
  const tips = memoryTips()
  return { folder, repository, first, cacheDir: join(folder, 'cache'), tips, ...recordingRun(t) }
}

test('latest is the HEAD of the remote, by the name of its branch', async (t) => {
  const { repository, first, cacheDir, run, tips } = await setUp(t)
  await repository.git('branch', 'other')
  const source = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  assert.deepEqual(await source.pin('latest', run), {
    id: `git:${first}`,
    label: `main (${first.slice(0, 7)})`,
    trusted: true,
  })
  const second = await repository.commit({ 'default.nix': '{ a = 1; }' })
  assert.equal((await source.pin('latest', run)).id, `git:${second}`)
})

test('a tag is a branch, a light or annotated tag, or a commit', async (t) => {
  const { repository, first, cacheDir, run, tips } = await setUp(t)
  await repository.git('tag', 'light')
  await repository.git('tag', '--annotate', '--message=words', 'annotated')
  await repository.git('branch', 'both')
  const second = await repository.commit({ 'default.nix': '{ a = 1; }' })
  await repository.git('tag', 'both')
  const source = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  const expected = { main: second, light: first, annotated: first, both: second, [first]: first }
  for (const [tag, commit] of Object.entries(expected)) {
    assert.equal((await source.pin(tag, run)).id, `git:${commit}`, tag)
  }
})

test('a tag that the repository lacks is unknown, also when it looks like an option or a pattern', async (t) => {
  const { repository, folder, cacheDir, run, tips } = await setUp(t)
  const source = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  for (const tag of [
    'none',
    `--upload-pack=touch ${folder}/hacked`,
    '-h',
    '*',
    'ma?n',
    '../heads/main',
    'HEAD',
    '',
  ]) {
    await assert.rejects(source.pin(tag, run), UnknownTag, tag)
  }
  assert.deepEqual((await readdir(folder)).toSorted(), ['repository'])
})

test('a checkout has the files, links and modes of its commit, and its time', async (t) => {
  const { repository, cacheDir, run, tips } = await setUp(t)
  await symlink('pkgs', join(repository.folder, 'link'))
  await writeFile(join(repository.folder, 'run'), '#!/bin/sh', { mode: 0o755 })
  const commit = await repository.commit({ '.gitattributes': 'hidden export-ignore', hidden: 'not from me' })
  const source = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  const { location, created } = await source.fetch(await source.pin(commit, run), run)
  const { path } = location
  const files = ['.gitattributes', 'default.nix', 'hidden', 'link', 'pkgs', 'run']
  assert.deepEqual((await readdir(path)).toSorted(), files)
  assert.equal(await readFile(join(path, 'pkgs/a.nix'), 'utf8'), '1')
  assert.equal(await readlink(join(path, 'link')), 'pkgs')
  assert.equal((await lstat(join(path, 'run'))).mode & 0o111, 0o111)
  assert.equal(created, Number(await repository.git('log', '-1', '--format=%ct')))
})

test('what was fetched once is there without the remote, also after a restart', async (t) => {
  const { repository, first, folder, cacheDir, run, tips } = await setUp(t)
  const before = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  const fetched = await before.fetch(await before.pin('main', run), run)
  await rename(repository.folder, join(folder, 'away'))
  const after = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  assert.deepEqual((await after.fetch(await after.pin(first, run), run)).location, fetched.location)
  assert.equal((await before.pin('main', run)).id, `git:${first}`)
  await assert.rejects(after.pin('main', run), (error) => {
    assert.ok(error instanceof SourceFailed)
    assert.match(error.message, /does not exist|not appear to be a git repository/)
    return true
  })
})

test('a checkout whose record was emptied by a loss of power is made anew', async (t) => {
  const { repository, first, cacheDir, run, tips } = await setUp(t)
  const before = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  const revision = await before.pin(first, run)
  const fetched = await before.fetch(revision, run)
  await writeFile(join(cacheDir, first, 'checkout.json'), '')
  await writeFile(join(cacheDir, first, 'source/default.nix'), '')
  const after = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  assert.deepEqual((await after.fetch(revision, run)).location, fetched.location)
  assert.equal(await readFile(join(cacheDir, first, 'source/default.nix'), 'utf8'), '{ }')
})

/** As if the machine had been started anew since the checkout was written. */
async function startAnew(cacheDir: string, commit: string): Promise<void> {
  const file = join(cacheDir, commit, 'checkout.json')
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), boot: 'before' }))
}

test('after the machine was started anew a whole checkout is used on, and checked only once', async (t) => {
  const { repository, first, folder, cacheDir, run, events, tips } = await setUp(t)
  const before = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  const revision = await before.pin('main', run)
  await before.fetch(revision, run)
  await rename(repository.folder, join(folder, 'away'))
  await startAnew(cacheDir, first)
  const checks = () =>
    events.filter((event) => event.kind === 'log' && event.line.startsWith('checking the files')).length
  const after = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  await Promise.all([after.fetch(revision, run), after.fetch(revision, run)])
  await createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 }).fetch(revision, run)
  assert.equal(checks(), 1)
})

test('after the machine was started anew a checkout that a loss of power damaged is made anew', async (t) => {
  const { repository, first, cacheDir, run, tips } = await setUp(t)
  const damages: readonly (() => Promise<void>)[] = [
    () => writeFile(join(cacheDir, first, 'source/pkgs/a.nix'), '2'),
    () => writeFile(join(cacheDir, first, 'source/pkgs/a.nix'), ''),
    () => rm(join(cacheDir, first, 'source/pkgs'), { recursive: true }),
    () => writeFile(join(cacheDir, first, 'index'), ''),
    () => rm(join(cacheDir, first, 'index')),
  ]
  for (const damage of damages) {
    const options = { cacheDir, tips, pinTtl: 0 }
    const revision = await createGitSource(repository.folder, options).pin(first, run)
    await createGitSource(repository.folder, options).fetch(revision, run)
    await damage()
    await startAnew(cacheDir, first)
    const { location } = await createGitSource(repository.folder, options).fetch(revision, run)
    assert.equal(await readFile(join(location.path, 'pkgs/a.nix'), 'utf8'), '1')
  }
})

test('a mirror that a loss of power damaged is made anew', async (t) => {
  const { repository, first, cacheDir, run, tips } = await setUp(t)
  const source = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 0 })
  const revision = await source.pin(first, run)
  await source.fetch(revision, run)
  await rm(join(cacheDir, first), { recursive: true })
  const mirror = (await readdir(cacheDir)).find((name) => name.startsWith('mirror-')) ?? ''
  const packs = join(cacheDir, mirror, 'objects/pack')
  for (const name of await readdir(packs)) {
    if (!name.endsWith('.pack')) continue
    await rm(join(packs, name))
    await writeFile(join(packs, name), '')
  }
  const { location } = await source.fetch(revision, run)
  assert.equal(await readFile(join(location.path, 'pkgs/a.nix'), 'utf8'), '1')
})

test('a commit that a branch has left behind is still fetched', async (t) => {
  const { repository, cacheDir, run, tips } = await setUp(t)
  const source = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 600 })
  const abandoned = await repository.commit({ 'default.nix': '{ b = 1; }' })
  const revision = await source.pin('main', run)
  await repository.git('reset', '--quiet', '--hard', 'HEAD~1')
  await repository.commit({ 'default.nix': '{ c = 1; }' })
  const { location } = await source.fetch(revision, run)
  assert.equal(revision.id, `git:${abandoned}`)
  assert.match(await readFile(join(location.path, 'default.nix'), 'utf8'), /b = 1/)
})

test('a commit that the repository lacks is an unknown tag', async (t) => {
  const { repository, cacheDir, run, tips } = await setUp(t)
  const source = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 600 })
  await assert.rejects(source.fetch(await source.pin('0'.repeat(40), run), run), UnknownTag)
})

test('many who fetch at once, different commits too, get whole checkouts', async (t) => {
  const { repository, first, cacheDir, run, tips } = await setUp(t)
  const second = await repository.commit({ 'default.nix': '{ a = 1; }' })
  const source = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 600 })
  const commits = [first, second, first, second, first]
  const fetched = await Promise.all(commits.map(async (one) => source.fetch(await source.pin(one, run), run)))
  assert.equal(new Set(fetched.map(({ location }) => JSON.stringify(location))).size, 2)
  const left = (await readdir(cacheDir)).filter((name) => name.startsWith('tmp-'))
  assert.deepEqual(left, [])
})

test('old checkouts go, those asked for lately stay', async (t) => {
  const { repository, first, cacheDir, run, tips } = await setUp(t)
  const source = createGitSource(repository.folder, { cacheDir, tips, pinTtl: 600 })
  const fetch = async (commit: string) => source.fetch(await source.pin(commit, run), run)
  await fetch(first)
  await utimes(join(cacheDir, first), 1, 1)
  const later: string[] = []
  for (let count = 0; count < 9; count++) {
    const commit = await repository.commit({ 'default.nix': `${count}` })
    await fetch(commit)
    later.push(commit)
  }
  const kept = (await readdir(cacheDir)).filter((name) => /^[0-9a-f]{40}$/.test(name))
  assert.deepEqual(kept.toSorted(), later.toSorted())
  assert.match(JSON.stringify(await fetch(first)), new RegExp(first))
})

test('a remote that knows no shallow fetches is fetched whole', async (t) => {
  const { repository, first, cacheDir, run, tips } = await setUp(t)
  await repository.commit({ 'default.nix': '{ a = 1; }' })
  const { url } = await serveRepository(t, repository)
  const source = createGitSource(url, { cacheDir, tips, pinTtl: 600 })
  const latest = await source.pin('latest', run)
  assert.match(latest.label, /^(main|HEAD) \(/)
  await source.fetch(latest, run)
  const { location } = await source.fetch(await source.pin(first, run), run)
  assert.match(await readFile(join(location.path, 'default.nix'), 'utf8'), /\{ \}/)
  await assert.rejects(source.fetch(await source.pin('0'.repeat(40), run), run), UnknownTag)
})

test('a remote that hands out references only gives other commits by way of all that it has', async (t) => {
  const { repository, first, cacheDir, run, events, tips } = await setUp(t)
  await repository.commit({ 'default.nix': '{ a = 1; }' })
  // In the first version of the protocol only what was advertised may be wanted (gitprotocol-pack(5)).
  const settings = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.version', GIT_CONFIG_VALUE_0: '0' }
  setEnvironment(t, settings)
  const source = createGitSource(`file://${repository.folder}`, { cacheDir, tips, pinTtl: 600 })
  const fetch = async (tag: string) => source.fetch(await source.pin(tag, run), run)
  await fetch('main')
  await fetch(first)
  await assert.rejects(fetch('0'.repeat(40)), UnknownTag)
  const lines = events.flatMap((event) => (event.kind === 'log' ? [event.line] : []))
  assert.deepEqual(
    lines.filter((line) => line.startsWith('the remote gives')),
    [
      'the remote gives no single commits: fetching all that it has',
      'the remote gives no single commits: fetching all that it has',
    ],
  )
})

import assert from 'node:assert/strict'
import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SourceFailed, UnknownTag } from '../errors.ts'
import { hashTree } from './hashTree.ts'
import { createPathSource } from './path.ts'
import type { PackageSource } from './source.ts'
import { createFolder, recordingRun } from './testing.ts'

function createSource(t: TestContext, path: string): PackageSource {
  const source = createPathSource(path)
  t.after(() => source.close())
  return source
}

async function writeTree(folder: string): Promise<void> {
  await mkdir(join(folder, 'a/b'), { recursive: true })
  await writeFile(join(folder, 'default.nix'), '{ }')
  await writeFile(join(folder, 'a/b/file'), 'content')
  await symlink('b/file', join(folder, 'a/link'))
  await writeFile(Buffer.concat([Buffer.from(`${folder}/a/`), Buffer.from([0xff, 0xe9])]), 'no UTF-8')
}

test('equal trees have one hash, wherever and whenever they were made', async (t) => {
  const [one, two] = [await createFolder(t), await createFolder(t)]
  await writeTree(one)
  await writeTree(two)
  await utimes(join(two, 'default.nix'), 1, 1)
  await mkdir(join(two, '.git'))
  await writeFile(join(two, '.git/HEAD'), 'x')
  assert.equal(hashTree(one), hashTree(two))
})

test('the hash of a tree is what it always was: revisions and images have it in their names', async (t) => {
  const folder = await createFolder(t)
  await writeTree(folder)
  await chmod(join(folder, 'a/b/file'), 0o755)
  assert.equal(hashTree(folder), '8182db90b9c12c596bb3ae49437460c6b9ca79f5fbf1f685b3cac83e98823c85')
  const file = hashTree(join(folder, 'default.nix'))
  assert.equal(file, '76460aae2c25d89be69c5f4a71a8244eb0cc310a992393bf4edf707aee5b0e1f')
})

test('every change of a name, kind, mode, target or content changes the hash', async (t) => {
  const folder = await createFolder(t)
  await writeTree(folder)
  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    content: () => writeFile(join(folder, 'a/b/file'), 'CONTENT'),
    mode: () => chmod(join(folder, 'a/b/file'), 0o755),
    name: () => rename(join(folder, 'a/b/file'), join(folder, 'a/b/file2')),
    place: () => rename(join(folder, 'a/b/file2'), join(folder, 'file2')),
    target: async () => {
      await rm(join(folder, 'a/link'))
      await symlink('b/other', join(folder, 'a/link'))
    },
    kind: async () => {
      await rm(join(folder, 'a/link'))
      await writeFile(join(folder, 'a/link'), 'b/other')
    },
    'an empty folder': () => mkdir(join(folder, 'empty')),
  }
  const seen = new Set([hashTree(folder)])
  for (const [what, change] of Object.entries(changes)) {
    await change()
    const hash = hashTree(folder)
    assert.ok(!seen.has(hash), what)
    seen.add(hash)
  }
})

test('a path is pinned by its content, and fetched where it lies', async (t) => {
  const folder = await createFolder(t)
  await writeTree(folder)
  const { run } = recordingRun(t)
  const source = createSource(t, folder)
  const revision = await source.pin('latest', run)
  assert.equal(revision.id, `path:${hashTree(folder)}`)
  assert.equal(revision.trusted, true)
  assert.deepEqual((await source.fetch(revision, run)).location, { kind: 'path', path: folder })
})

test('a single Nix file is a package set too', async (t) => {
  const file = join(await createFolder(t), 'set.nix')
  await writeFile(file, '{ }')
  const { run } = recordingRun(t)
  const source = createSource(t, file)
  const revision = await source.pin('latest', run)
  assert.match(revision.id, /^path:[0-9a-f]{64}$/)
  assert.deepEqual((await source.fetch(revision, run)).location, { kind: 'path', path: file })
})

test('a revision whose content is gone is not fetched, and the next pin knows the new one', async (t) => {
  const folder = await createFolder(t)
  await writeTree(folder)
  const { run } = recordingRun(t)
  const source = createSource(t, folder)
  const revision = await source.pin('latest', run)
  await writeFile(join(folder, 'default.nix'), '{ a = 1; }')
  await assert.rejects(source.fetch(revision, run), SourceFailed)
  const next = await source.pin('latest', run)
  assert.equal(next.id, `path:${hashTree(folder)}`)
  await source.fetch(next, run)
})

test('what was evaluated while the set changed is not confirmed, even if it was changed back', async (t) => {
  const folder = await createFolder(t)
  await writeTree(folder)
  const { run } = recordingRun(t)
  const source = createSource(t, folder)
  const fetched = await source.fetch(await source.pin('latest', run), run)
  await fetched.confirm(run)
  await writeFile(join(folder, 'default.nix'), '{ a = 1; }')
  await writeFile(join(folder, 'default.nix'), '{ }')
  await assert.rejects(fetched.confirm(run), SourceFailed)
  const again = await source.fetch(await source.pin('latest', run), run)
  await again.confirm(run)
})

test('a path has no tag but latest', async (t) => {
  const source = createSource(t, await createFolder(t))
  await assert.rejects(source.pin('main', recordingRun(t).run), (error) => {
    assert.ok(error instanceof UnknownTag)
    assert.match(error.message, /'main'.*only 'latest'/)
    return true
  })
})

test('a path that does not exist is an error of the source', async (t) => {
  const source = createSource(t, join(await createFolder(t), 'none'))
  await assert.rejects(source.pin('latest', recordingRun(t).run), SourceFailed)
})

test('pins that are asked for at once share one look at the files', async (t) => {
  const folder = await createFolder(t)
  await writeTree(folder)
  const { run } = recordingRun(t)
  const source = createSource(t, folder)
  const pins = await Promise.all(Array.from({ length: 50 }, () => source.pin('latest', run)))
  assert.equal(new Set(pins.map(({ id }) => id)).size, 1)
})

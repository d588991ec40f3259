import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import {
  appendFile,
  chmod,
  link,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SourceFailed } from '../errors.ts'
import { hashTree } from './hashTree.ts'
import { createFolder, recordingRun } from './testing.ts'
import { TreeWatch } from './treeWatch.ts'

/** Milliseconds in which a change is seen where it is reported. */
const seenWithin = 1_000

async function setUp(t: TestContext, { thorough }: { readonly thorough?: number } = {}) {
  const parent = await createFolder(t)
  const folder = join(parent, 'set')
  await mkdir(join(folder, 'a/b/c'), { recursive: true })
  await writeFile(join(folder, 'default.nix'), '{ }')
  await writeFile(join(folder, 'a/b/file'), 'content')
  await writeFile(join(folder, 'a/b/c/deep'), 'deep')
  await symlink('b/file', join(folder, 'a/link'))
  const tree = new TreeWatch(folder, thorough)
  t.after(() => tree.close())
  return { parent, folder, tree, ...recordingRun(t) }
}

/** Milliseconds until a state that is asked for all the time is the true one. */
async function timeUntilSeen(tree: TreeWatch, folder: string, run: ReturnType<typeof recordingRun>['run']) {
  const start = performance.now()
  const truth = hashTree(folder)
  while ((await tree.current(run)).hash !== truth && performance.now() - start < 20_000) await sleep(5)
  return performance.now() - start
}

test('every kind of change is seen within a second, and the state is that of all files', async (t) => {
  const { parent, folder, tree, run, events } = await setUp(t)
  const at = (name: string) => join(folder, name)
  const changes: Readonly<Record<string, () => Promise<unknown>>> = {
    'a content of equal length': () => writeFile(at('a/b/file'), 'CONTENT'),
    'a content of equal length and time': async () => {
      await writeFile(at('a/b/file'), 'COntent')
      await utimes(at('a/b/file'), 1, 1)
    },
    'a mode': () => chmod(at('a/b/file'), 0o755),
    'a new file': () => writeFile(at('a/b/c/new'), 'new'),
    'new folders with a file': async () => {
      await mkdir(at('x/y/z'), { recursive: true })
      await writeFile(at('x/y/z/file'), 'x')
    },
    'a file in a new folder, later': () => writeFile(at('x/y/z/file'), 'y'),
    'another place': () => rename(at('x/y'), at('a/y')),
    'a file in a folder that was moved': () => writeFile(at('a/y/z/file'), 'z'),
    'a link': async () => {
      await rm(at('a/link'))
      await symlink('elsewhere', at('a/link'))
    },
    'a file that becomes a folder': async () => {
      await rm(at('a/b/file'))
      await mkdir(at('a/b/file'))
    },
    'a folder that is made anew': async () => {
      rmSync(at('a/b/c'), { recursive: true })
      mkdirSync(at('a/b/c'))
    },
    'a file in a folder that was made anew': () => writeFile(at('a/b/c/deep'), 'again'),
    'a file that is replaced': async () => {
      await writeFile(join(parent, 'replacement'), 'REPLACED')
      await rename(join(parent, 'replacement'), at('default.nix'))
    },
    'a folder from elsewhere': async () => {
      await mkdir(join(parent, 'from/inner'), { recursive: true })
      await writeFile(join(parent, 'from/inner/file'), 'x')
      await rename(join(parent, 'from'), at('from'))
    },
    'a file in a folder from elsewhere': () => writeFile(at('from/inner/file'), 'y'),
    'a folder that leaves': () => rename(at('from'), join(parent, 'gone')),
    'a removal': () => rm(at('a'), { recursive: true }),
    'everything but one file': () => rm(at('x'), { recursive: true }),
    'the whole folder': async () => {
      await rename(folder, join(parent, 'old'))
      await mkdir(folder)
      await writeFile(at('default.nix'), '{ new = 1; }')
    },
    'the whole folder, with the same number perhaps': async () => {
      rmSync(folder, { recursive: true })
      mkdirSync(folder)
      writeFileSync(at('default.nix'), '{ newer = 1; }')
    },
    'a file in it': () => writeFile(at('other.nix'), '1'),
  }
  await tree.current(run)
  let before = hashTree(folder)
  for (const [what, change] of Object.entries(changes)) {
    await change()
    const truth = hashTree(folder)
    assert.notEqual(truth, before, `${what} is no change`)
    before = truth
    const time = await timeUntilSeen(tree, folder, run)
    assert.ok(time < seenWithin, `${what}: ${time} ms`)
    assert.equal((await tree.look(run)).hash, truth, what)
  }
  assert.deepEqual(events, [])
})

test('a look sees all changes that were made before it, whatever they are', async (t) => {
  const { folder, tree, run } = await setUp(t)
  let random = 1
  const below = (limit: number) => (random = (random * 48_271) % 2_147_483_647) % limit
  const folders = ['', 'a', 'a/b', 'a/b/c', 'd', 'd/e', 'd/e/f']
  const place = () => join(folder, folders[below(folders.length)] ?? '', `n${below(4)}`)
  for (let round = 0; round < 300; round++) {
    const changes = [
      () => writeFile(place(), `${below(3)}`),
      () => appendFile(place(), 'x'),
      () => mkdir(join(folder, folders[below(folders.length)] ?? ''), { recursive: true }),
      () => rm(join(folder, folders[1 + below(folders.length - 1)] ?? ''), { recursive: true }),
      () => rename(place(), place()),
      () => rename(join(folder, 'd'), join(folder, 'a/b/c/d')),
      () => rename(join(folder, 'a/b'), join(folder, 'd/e/b')),
      () => rm(place()),
      () => symlink(`${below(3)}`, place()),
    ]
    for (let count = below(6); count >= 0; count--) await changes[below(changes.length)]?.().catch(() => {})
    assert.equal((await tree.look(run)).hash, hashTree(folder), `round ${round}`)
  }
})

test('what has not changed is answered without a look', async (t) => {
  const { tree, run } = await setUp(t)
  const first = await tree.current(run)
  await sleep(1_500)
  const times: number[] = []
  for (let count = 0; count < 51; count++) {
    const start = performance.now()
    assert.deepEqual(await tree.current(run), first)
    times.push(performance.now() - start)
  }
  const median = times.toSorted((a, b) => a - b)[25] ?? Infinity
  assert.ok(median < 5, `${median} ms`)
})

test('a change that is taken back leaves another mark, and one of .git or of times leaves none', async (t) => {
  const { folder, tree, run } = await setUp(t)
  // A folder that is as young as this may have taken the place of another.
  await sleep(1_200)
  const before = await tree.look(run)
  await mkdir(join(folder, '.git'))
  await writeFile(join(folder, '.git/HEAD'), 'x')
  await utimes(join(folder, 'a'), 1, 1)
  assert.deepEqual(await tree.look(run), before)
  await writeFile(join(folder, 'a/b/file'), 'changed')
  await writeFile(join(folder, 'a/b/file'), 'content')
  const after = await tree.look(run)
  assert.equal(after.hash, before.hash)
  assert.notEqual(after.mark, before.mark)
})

test('thousands of changes at once are seen', async (t) => {
  const { folder, tree, run } = await setUp(t)
  await tree.current(run)
  for (let at = 0; at < 50; at++) {
    mkdirSync(join(folder, `many${at}/in`), { recursive: true })
    for (let file = 0; file < 100; file++) writeFileSync(join(folder, `many${at}/in/${file}`), `${file}`)
  }
  assert.equal((await tree.look(run)).hash, hashTree(folder))
  writeFileSync(join(folder, 'many49/in/99'), 'changed')
  assert.equal((await tree.look(run)).hash, hashTree(folder))
  for (let at = 0; at < 50; at++) rmSync(join(folder, `many${at}`), { recursive: true })
  assert.equal((await tree.look(run)).hash, hashTree(folder))
})

test('a link to a folder is followed to where it leads now', async (t) => {
  const { parent, folder, tree: other, run } = await setUp(t)
  await other.close()
  await mkdir(join(parent, 'next'))
  await writeFile(join(parent, 'next/default.nix'), '{ next = 1; }')
  const current = join(parent, 'current')
  await symlink('set', current)
  const tree = new TreeWatch(current)
  t.after(() => tree.close())
  assert.equal((await tree.current(run)).hash, hashTree(folder))
  await symlink('next', join(parent, 'new'))
  await rename(join(parent, 'new'), current)
  assert.equal((await tree.current(run)).hash, hashTree(join(parent, 'next')))
  assert.equal((await tree.look(run)).hash, hashTree(await realpath(current)))
})

test('a file with a second name is looked for, since it may change by that', async (t) => {
  const { parent, folder, tree, run, events } = await setUp(t)
  await tree.current(run)
  await writeFile(join(parent, 'outside'), 'one')
  await link(join(parent, 'outside'), join(folder, 'inside'))
  await tree.look(run)
  assert.match(JSON.stringify(events), /looked for, not reported: .*inside has another name/)
  await writeFile(join(parent, 'outside'), 'two')
  assert.equal((await tree.look(run)).hash, hashTree(folder))
  await writeFile(join(parent, 'outside'), 'six')
  assert.ok((await timeUntilSeen(tree, folder, run)) < 5_000)
})

test('what a program changes in its memory is seen by a thorough look', async (t) => {
  const { folder, tree, run } = await setUp(t, { thorough: 0 })
  await tree.current(run)
  const program = `
import mmap, sys
with open(sys.argv[1], 'r+b') as file, mmap.mmap(file.fileno(), 0) as memory:
  memory[0:3] = b'XYZ'
  memory.flush()`
  execFileSync('python3', ['-c', program, join(folder, 'a/b/file')])
  assert.ok((await timeUntilSeen(tree, folder, run)) < 5_000)
})

test('where the system allows no more watches, changes are looked for', async (t) => {
  const { folder } = await setUp(t)
  const program = `
import { writeFileSync } from 'node:fs'
import { TreeWatch } from ${JSON.stringify(import.meta.resolve('./treeWatch.ts'))}
import { hashTree } from ${JSON.stringify(import.meta.resolve('./hashTree.ts'))}
const folder = ${JSON.stringify(folder)}
const tree = new TreeWatch(folder)
const events = []
const run = { signal: new AbortController().signal, onEvent: (event) => events.push(event.line) }
await tree.look(run)
writeFileSync(folder + '/a/b/file', 'changed')
const { hash } = await tree.look(run)
console.log(JSON.stringify({ events, seen: hash === hashTree(folder) }))
await tree.close()`
  // A user namespace has limits of its own.
  const script = 'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"'
  const node = [process.execPath, '--input-type=module', '--eval', program]
  const args = ['--user', '--map-root-user', 'sh', '-c', script, 'sh', ...node]
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
  if (status !== 0 && /unshare|Permission denied|Operation not permitted/.test(stderr))
    return t.skip('this machine allows no user namespaces')
  const { events, seen } = JSON.parse(stdout)
  assert.match(events.join(), /looked for, not reported: the system allows no more of it/)
  assert.equal(seen, true)
})

test('what cannot be read is an error, and read when it can be', async (t) => {
  const { parent, folder, tree, run } = await setUp(t)
  await tree.current(run)
  await rename(folder, join(parent, 'away'))
  await assert.rejects(tree.current(run), SourceFailed)
  await rename(join(parent, 'away'), folder)
  assert.equal((await tree.current(run)).hash, hashTree(folder))
})

test('nobody has to wait for a look, and a watch that is closed leaves nothing behind', async (t) => {
  const { tree, run } = await setUp(t)
  const stop = new AbortController()
  const looking = tree.look({ ...run, signal: stop.signal })
  stop.abort(new Error('not any more'))
  await assert.rejects(looking, { message: 'not any more' })
  await tree.current(run)
  await tree.close()
  await assert.rejects(tree.current(run), /stopping/)
  assert.ok((await readdir('/proc/self/fd')).length < 100)
})

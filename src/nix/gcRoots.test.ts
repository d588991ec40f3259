import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { GcRoots } from './gcRoots.ts'

async function createStateDir(t: TestContext): Promise<string> {
  const stateDir = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  t.after(() => rm(stateDir, { recursive: true }))
  return stateDir
}

test('the folders of processes that live are kept, those of dead ones go', async (t) => {
  const stateDir = await createStateDir(t)
  const program = `
    import { GcRoots } from ${JSON.stringify(new URL('./gcRoots.ts', import.meta.url).href)}
    await new GcRoots(process.argv[1]).create()
    console.log('made')
    setInterval(() => {}, 1000)`
  const other = spawn(process.execPath, ['--input-type=module', '-e', program, stateDir])
  t.after(() => other.kill('SIGKILL'))
  await new Promise((resolve) => other.stdout.once('data', resolve))
  const roots = new GcRoots(stateDir)
  const own = await roots.create()

  await roots.removeAbandoned()
  assert.equal((await readdir(join(stateDir, 'gcroots'))).length, 2)

  const exited = new Promise((resolve) => other.once('exit', resolve))
  other.kill('SIGKILL')
  await exited
  await roots.removeAbandoned()
  assert.deepEqual(await readdir(join(stateDir, 'gcroots')), [
    own.path.slice(join(stateDir, 'gcroots/').length),
  ])
})

test('the folder of a dead process whose pid is used again goes', async (t) => {
  const stateDir = await createStateDir(t)
  const roots = new GcRoots(stateDir)
  const { path } = await roots.create()
  const earlier = path.replace(/\.\d+\.([^.]+)$/, '.1.$1')
  assert.notEqual(earlier, path)
  await rename(path, earlier)
  await roots.removeAbandoned()
  assert.deepEqual(await readdir(join(stateDir, 'gcroots')), [])
})

test('of a folder of another machine or container only its age tells', async (t) => {
  const stateDir = await createStateDir(t)
  const young = join(stateDir, 'gcroots/0a1b2c3d-4026531836.1.5.young')
  const old = join(stateDir, 'gcroots/0a1b2c3d-4026531836.1.5.old')
  await mkdir(young, { recursive: true })
  await mkdir(old)
  await utimes(old, 1, 1)
  await new GcRoots(stateDir).removeAbandoned()
  assert.deepEqual(await readdir(join(stateDir, 'gcroots')), [young.slice(join(stateDir, 'gcroots/').length)])
})

test('a server that never ran before has nothing to remove', async (t) => {
  await new GcRoots(join(await createStateDir(t), 'none')).removeAbandoned()
})

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownedName } from '../work/owner.ts'
import type { PackagesNotFound } from '../errors.ts'
import { createNix } from './createNix.ts'
import type { EvaluationQuery } from './nix.ts'
import { createTestNix, testEnvironment, writeSet } from './testing.ts'

const body = `{ system }: rec {
  hello = ok "hello" { outputs = [ "out" "dev" ]; } // { meta.description = "quotes \\" and \\\\ and \\\${x} and ü\\n"; };
  nested.Deep = ok "deep" { };
  refused = hello // { drvPath = throw "refused"; };
  aborts = abort "that is all";
}`

async function setUp(context: TestContext) {
  const { nix: cold, folder, run } = await createTestNix(context)
  const path = await writeSet(folder, body)
  const options = { timeout: 60, stateDir: join(folder, 'warm'), env: testEnvironment, evaluators: 1 }
  const warm = await createNix(options)
  context.after(() => warm.close())
  const query = (attributes: readonly string[], revision = 'one'): EvaluationQuery => ({
    revision,
    location: { kind: 'path', path },
    system: 'x86_64-linux',
    attributes,
  })
  return { cold, warm, run, path, folder, query }
}

/** Kills every REPL that this process has started. */
function killRepls(): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      if (parent === String(process.pid) && command.includes('repl')) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It ended meanwhile.
    }
  }
}

test('a warm evaluator answers as a process of its own does, errors included', async (t) => {
  const { cold, warm, run, query } = await setUp(t)
  const told = (nix: typeof cold, attributes: readonly string[]) =>
    nix.evaluate(query(attributes), run).catch((error: unknown) => String(error))
  for (const attributes of [
    ['hello'],
    ['nested.deep', 'hello.dev'],
    ['helo', 'hello'],
    ['refused'],
    ['aborts'],
    ['hello', 'nested.deep'],
  ]) {
    assert.deepEqual(await told(warm, attributes), await told(cold, attributes), attributes.join(' '))
  }
})

test('a warm evaluator keeps what a revision evaluated to, and another revision is another', async (t) => {
  const { warm, run, path, query } = await setUp(t)
  const [before] = await warm.evaluate(query(['hello']), run)
  await rm(join(path, 'default.nix'))
  assert.deepEqual(await warm.evaluate(query(['hello']), run), [before])
  await writeFile(join(path, 'default.nix'), '{ system }: { }')
  await assert.rejects(warm.evaluate(query(['hello'], 'two'), run), (error: PackagesNotFound) =>
    error.message.includes("'hello'"),
  )
})

test('a warm evaluator that was killed is replaced', async (t) => {
  const { warm, run, query } = await setUp(t)
  const first = await warm.evaluate(query(['hello']), run)
  killRepls()
  assert.deepEqual(await warm.evaluate(query(['hello']), run), first)
  assert.deepEqual(await warm.evaluate(query(['hello']), run), first)
})

test('questions at the same time are all answered', async (t) => {
  const { warm, run, query } = await setUp(t)
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, index) => warm.evaluate(query([index % 2 ? 'hello' : 'nested.deep']), run)),
  )
  assert.deepEqual(
    answers.map(([one]) => one?.attribute),
    ['nested.deep', 'hello', 'nested.deep', 'hello', 'nested.deep', 'hello'],
  )
})

test('a question that is given up ends the evaluator, and the next is answered', async (t) => {
  const { warm, run, query } = await setUp(t)
  const stop = new AbortController()
  const asked = warm.evaluate(query(['hello']), { ...run, signal: stop.signal })
  stop.abort(new Error('given up'))
  await assert.rejects(asked, /given up/)
  assert.equal((await warm.evaluate(query(['hello']), run)).length, 1)
})

test('a warm evaluator leaves nothing behind, however it ends', async (t) => {
  const { warm, run, query, folder } = await setUp(t)
  const evaluators = join(folder, 'warm/evaluators')
  const [own = ''] = await warm.walls().then(() => readdirSync(evaluators))
  const stores = () => readdirSync(join(evaluators, own)).filter((name) => name.startsWith('process-'))
  await warm.evaluate(query(['hello']), run)
  assert.equal(stores().length, 1)
  killRepls()
  await warm.evaluate(query(['hello']), run)
  await warm.evaluate(query(['hello'], 'two'), run)
  for (let tries = 0; tries < 500 && stores().length > 1; tries++) await sleep(10)
  assert.equal(stores().length, 1)
  await warm.close()
  assert.deepEqual(readdirSync(evaluators), [])
})

test('what servers that are no more left is removed', async (t) => {
  const { warm, folder } = await setUp(t)
  const left = join(folder, 'warm/evaluators', (await ownedName()).replace(/\.\d+\./, '.1.'))
  const readOnly = join(left, 'process-1/store/nix/store/x')
  await mkdir(readOnly, { recursive: true })
  await writeFile(join(readOnly, 'file'), '')
  await chmod(readOnly, 0o555)
  await warm.walls()
  assert.ok(!existsSync(left))
})

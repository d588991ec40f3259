import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from './testing.ts'

/** A process that runs some programs by way of `run`. Answers their pids, each as the program printed it. */
async function startRunner(context: TestContext, ...programs: readonly string[]) {
  const source = `
    import { run } from ${JSON.stringify(import.meta.resolve('./run.ts'))}
    const signal = new AbortController().signal
    const onStdout = (line) => console.log(line)
    for (const one of process.argv.slice(1)) run('sh', ['-c', one], { signal, onStdout })
  `
  const args = ['--input-type=module', '--eval', source, ...programs]
  const runner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(runner, 'exit')
  context.after(() => runner.kill('SIGKILL'))
  const lines = createInterface({ input: runner.stdout })[Symbol.asyncIterator]()
  const pids: string[] = []
  for (const _ of programs) pids.push(String((await lines.next()).value))
  return { runner, pids, ended }
}

const patience = { timeout: 60_000 }

test(
  'programs do not outlive a process that is killed, whether they end politely or not',
  patience,
  async (t) => {
    const { runner, pids } = await startRunner(
      t,
      'echo $$; exec sleep 1000',
      'trap "" TERM; echo $$; while :; do sleep 1; done',
    )
    assert.equal(pids.filter(isRunning).length, 2)
    runner.kill('SIGKILL')
    while (pids.some(isRunning)) await sleep(50)
  },
)

test('a process that has nothing to do ends, though it is watched', patience, async (t) => {
  const { ended } = await startRunner(t, 'echo $$')
  assert.deepEqual(await ended, [0, null])
})

test('where there is no file descriptor for it, all else works', patience, () => {
  const source = `
    import { closeSync, openSync } from 'node:fs'
    import { Watchdog } from ${JSON.stringify(import.meta.resolve('./watchdog.ts'))}
    const open = []
    try {
      for (;;) open.push(openSync('/dev/null'))
    } catch {}
    const watchdog = new Watchdog()
    open.forEach((one) => closeSync(one))
    watchdog.watch(process.pid)
    watchdog.forget(process.pid)
    console.log(open.length > 0)
  `
  const args = ['--nofile=100', process.execPath, '--input-type=module', '--eval', source]
  assert.equal(execFileSync('prlimit', args, { encoding: 'utf8' }), 'true\n')
})

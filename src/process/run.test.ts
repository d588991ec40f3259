import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { OutputTooLarge, ProgramNotStarted } from './failures.ts'
import type { ProgramOptions } from './program.ts'
import { run } from './run.ts'
import { isRunning } from './testing.ts'

const never = new AbortController().signal

function shell(script: string, options: Partial<ProgramOptions> = {}) {
  return run('/bin/sh', ['-c', script], { signal: never, ...options })
}

async function isGone(pid: string): Promise<boolean> {
  for (let tries = 0; tries < 500 && isRunning(pid); tries++) await sleep(10)
  return !isRunning(pid)
}

/** Runs a script that prints process ids as words of its first line, aborts it then, and answers the ids. */
async function abortAfterFirstLine(script: string, graceMs: number): Promise<readonly string[]> {
  const controller = new AbortController()
  const pids: string[] = []
  const running = shell(script, {
    signal: controller.signal,
    graceMs,
    onStdout: (line) => {
      pids.push(...line.split(' '))
      controller.abort(new Error('enough'))
    },
  })
  await assert.rejects(running, { message: 'enough' })
  return pids
}

test('the result has the exit code, stdout and the end of stderr', async () => {
  const finished = await shell('echo out; echo err >&2; exit 3')
  assert.deepEqual(finished, { code: 3, signal: null, stdout: 'out\n', stderrTail: ['err'] })
})

test('a program killed by a signal has no code', async () => {
  const { code, signal } = await shell('kill -KILL $$')
  assert.deepEqual({ code, signal }, { code: null, signal: 'SIGKILL' })
})

test('stdin is empty unless there is input', async () => {
  assert.equal((await shell('cat')).stdout, '')
  assert.equal((await shell('cat', { input: 'words' })).stdout, 'words')
})

test('a program that does not read its input is no error', async () => {
  assert.equal((await shell('exit 0', { input: Buffer.alloc(10_000_000) })).code, 0)
})

test('ten megabytes on both pipes at once arrive whole', async () => {
  const megabytes = 'dd if=/dev/zero bs=1000000 count=10 2>/dev/null | tr "\\0" "x"'
  let held = 0
  const { stdout } = await shell(`${megabytes} >&2 & ${megabytes}; wait`, {
    onStderr: (line) => (held += line.length),
    maxLine: 20_000_000,
  })
  assert.equal(stdout.length, 10_000_000)
  assert.equal(held, 10_000_000)
})

test('stdout goes line by line to who asks for it, and is not collected', async () => {
  const lines: string[] = []
  const { stdout } = await shell('echo one; printf two', { onStdout: (line) => lines.push(line) })
  assert.deepEqual(lines, ['one', 'two'])
  assert.equal(stdout, '')
})

test('only the last forty lines of stderr are kept', async () => {
  const { stderrTail } = await shell('for i in $(seq 1 500); do echo $i >&2; done')
  assert.equal(stderrTail.length, 40)
  assert.equal(stderrTail[0], '461')
  assert.equal(stderrTail.at(-1), '500')
})

test('variables are set on top of the environment, or removed', async () => {
  const { stdout } = await shell('echo "$ADDED ${HOME-none} ${PATH:+path}"', {
    env: { ADDED: 'yes', HOME: undefined },
  })
  assert.equal(stdout, 'yes none path\n')
})

test('a program that does not exist is its own error', async () => {
  const running = run('no-such-program-anywhere', [], { signal: never })
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof ProgramNotStarted)
    assert.equal(error.command, 'no-such-program-anywhere')
    assert.match(error.message, /not installed/)
    return true
  })
})

test('arguments longer than the system takes are the same error', async () => {
  await assert.rejects(run('/bin/true', ['x'.repeat(10_000_000)], { signal: never }), ProgramNotStarted)
})

test('nothing starts when the signal is aborted already', async () => {
  const reason = new Error('too late')
  await assert.rejects(run('no-such-program', [], { signal: AbortSignal.abort(reason) }), reason)
})

test('an abort ends the program and its grandchildren', async () => {
  const pids = await abortAfterFirstLine(
    'sh -c "sleep 1000 & sleep 1000" & sleep 1000 & echo $$ $!; wait',
    5_000,
  )
  assert.equal(pids.length, 2)
  for (const pid of pids) assert.ok(await isGone(pid), `process ${pid} is still there`)
})

test('a grandchild that ignores the polite request is killed after the grace', async () => {
  const deaf = `sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done'`
  const pids = await abortAfterFirstLine(`${deaf} & wait`, 100)
  assert.equal(pids.length, 1)
  for (const pid of pids) assert.ok(await isGone(pid), `process ${pid} is still there`)
})

test('a program may tidy up within the grace', async () => {
  const controller = new AbortController()
  const lines: string[] = []
  const running = shell(`trap 'echo tidied; exit' TERM; echo ready; while :; do sleep 0.01; done`, {
    signal: controller.signal,
    onStdout: (line) => {
      lines.push(line)
      if (line === 'ready') controller.abort()
    },
  })
  await assert.rejects(running, { name: 'AbortError' })
  assert.deepEqual(lines, ['ready', 'tidied'])
})

test('a child left behind with the pipes open does not hold the result up', async () => {
  const { code, stdout } = await shell('sleep 1000 & echo $!', { graceMs: 50 })
  assert.equal(code, 0)
  assert.ok(await isGone(stdout.trim()))
})

test('a program that left the process group does not hold the result up', async () => {
  const { code, stdout } = await shell('setsid sleep 1000 & echo $!', { graceMs: 50 })
  assert.equal(code, 0)
  process.kill(Number(stdout))
})

test('more on stdout than the bound ends the program', async () => {
  await assert.rejects(shell('yes', { maxStdout: 100_000 }), OutputTooLarge)
})

test('a program gets nothing of the own environment if it is to get one of its own alone', async () => {
  process.env['NIXERY_TEST_SECRET'] = 'secret'
  const { stdout } = await shell('/usr/bin/env', { env: { ONE: '1', NONE: undefined }, onlyEnv: true })
  assert.deepEqual(
    stdout.split('\n').filter((line) => !/^(PWD|_|SHLVL)=/.test(line)),
    ['ONE=1', ''],
  )
  assert.match((await shell('/usr/bin/env', { env: { ONE: '1' } })).stdout, /^NIXERY_TEST_SECRET=secret$/m)
})

const asRoot = { skip: process.getuid?.() === 0 ? false : 'only root may choose' }

test('a program may run as another user, without groups of its own', asRoot, async () => {
  const user = { uid: 65_534, gid: 65_534 }
  const { stdout } = await shell('id -u; id -g; id -G', { user, cwd: '/' })
  assert.equal(stdout, '65534\n65534\n65534\n')
})

test('the process id of a program is known while it runs', async () => {
  let pid: number | undefined
  const { stdout } = await shell('echo $$', { onStarted: (started) => (pid = started) })
  assert.equal(stdout, `${pid}\n`)
})

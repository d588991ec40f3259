import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from '../src/process/testing.ts'

const leftovers = import.meta.resolve('../setup/leftovers.js')
const newerNode = import.meta.resolve('../bin/newerNode.js')

/** Runs a shell script as tests are run. @returns exit code and output; `$TMPDIR` must be its first line */
function runShell(script: string) {
  const source = `
    import { runToTheEnd } from ${JSON.stringify(newerNode)}
    import { runWithoutLeftovers } from ${JSON.stringify(leftovers)}
    const script = ${JSON.stringify(`echo $TMPDIR; ${script}`)}
    const run = (env) => runToTheEnd('/bin/sh', ['-c', script], env)
    process.exitCode = await runWithoutLeftovers(process.env, run, { grace: 1_000 })`
  const args = ['--input-type=module', '--eval', source]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const [folder = '', ...lines] = stdout.split('\n')
  assert.equal(existsSync(folder), false, 'the temporary directory is removed')
  return { status, told: lines.join('\n') }
}

test('a run that leaves nothing behind has its own exit code', () => {
  assert.deepEqual(runShell('mkdir $TMPDIR/a; rmdir $TMPDIR/a'), { status: 0, told: '' })
  assert.deepEqual(runShell('exit 3'), { status: 3, told: '' })
})

test('a run that leaves files behind fails, and names them', () => {
  const { status, told } = runShell('mkdir $TMPDIR/a $TMPDIR/b; touch $TMPDIR/a/c $TMPDIR/d')
  assert.equal(status, 1)
  assert.match(told, /left behind:\n\n {2}folder a \(c\)\n {2}folder b \(empty\)\n {2}file d\n/)
})

test('a process that a run leaves behind makes it fail, and is ended', async () => {
  const { status, told } = runShell('setsid sleep 1000 >/dev/null & exit 0')
  assert.equal(status, 1)
  const pid = /process (\d+): sleep 1000/.exec(told)?.[1]
  assert.ok(pid !== undefined, told)
  for (let tries = 0; tries < 100 && isRunning(pid); tries++) await sleep(20)
  assert.equal(isRunning(pid), false)
})

test('a process that ends soon after a run is no fault', () => {
  assert.deepEqual(runShell('setsid sleep 0.3 >/dev/null & exit 0'), { status: 0, told: '' })
})

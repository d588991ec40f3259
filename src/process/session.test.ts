import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Session } from './session.ts'
import { isRunning } from './testing.ts'

const patience = { timeout: 60_000 }

/** What it answers to a line. */
async function ask(session: Session, line: string): Promise<string> {
  const answer = new Promise<string>((resolve) => (session.onLine = resolve))
  session.ref()
  session.write(line)
  return answer.finally(() => session.unref())
}

/** Runs a module in a process that may have a hundred files open. Answers what it prints. */
function evaluate(source: string): string {
  const imports = `
    import { closeSync, openSync } from 'node:fs'
    import { run } from ${JSON.stringify(import.meta.resolve('./run.ts'))}
    import { Session } from ${JSON.stringify(import.meta.resolve('./session.ts'))}
  `
  const args = ['--nofile=100', process.execPath, '--input-type=module', '--eval', imports + source]
  return execFileSync('prlimit', args, { encoding: 'utf8', timeout: 50_000 })
}

test(
  'a session answers line by line, and ends with all that it started when it is closed',
  patience,
  async () => {
    const script = 'sleep 1000 & while read -r line; do echo "$line $!"; done; wait'
    const session = new Session('/bin/sh', ['-c', script], { graceMs: 1_000 })
    const [word, child = ''] = (await ask(session, 'one')).split(' ')
    assert.equal(word, 'one')
    assert.equal(await ask(session, 'two'), `two ${child}`)
    assert.ok(isRunning(child))
    await session.close()
    assert.equal(session.alive, false)
    for (let tries = 0; tries < 500 && isRunning(child); tries++) await sleep(10)
    assert.ok(!isRunning(child))
  },
)

const children = `/proc/self/task/${process.pid}/children`

test(
  'the main thread does not start the program itself',
  { ...patience, skip: !existsSync(children) },
  async () => {
    const session = new Session('/bin/sh', ['-c', 'read line; echo $PPID $$; read line'], { graceMs: 1_000 })
    assert.equal(await ask(session, ''), `${process.pid} ${session.pid}`)
    assert.ok(!readFileSync(children, 'utf8').split(' ').includes(String(session.pid)))
    await session.close()
  },
)

test('a program that ends, or is not there, ends the session', patience, async () => {
  for (const command of ['/bin/true', 'no-such-program-anywhere']) {
    const session = new Session(command, [], { graceMs: 1_000 })
    session.ref()
    await session.closed
    assert.equal(session.alive, false)
    session.write('nobody reads this')
    await session.close()
  }
})

test('a session that nobody waits for does not keep the process from ending', patience, () => {
  const told = evaluate(`
    const session = new Session('cat', [], { graceMs: 1000 })
    session.ref()
    session.onLine = (line) => {
      console.log(line)
      session.unref()
    }
    session.write('words')
  `)
  assert.equal(told, 'words\n')
})

test('a session that finds no file descriptor has ended, and the next is not touched by it', patience, () => {
  const told = evaluate(`
    await run('true', [], { signal: new AbortController().signal })
    const open = []
    try {
      for (;;) open.push(openSync('/dev/null'))
    } catch {}
    const session = new Session('cat', [], { graceMs: 1000 })
    session.ref()
    session.write('words')
    await session.closed
    await session.close()
    open.forEach((one) => closeSync(one))
    const next = new Session('cat', [], { graceMs: 1000 })
    next.ref()
    next.onLine = async (line) => {
      await next.close()
      console.log(session.alive, line, next.alive)
    }
    next.write('words')
  `)
  assert.equal(told, 'false words false\n')
})

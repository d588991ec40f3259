import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Backlog } from './backlog.ts'
import type { ProgramOptions } from './program.ts'
import { run } from './run.ts'
import { runHere } from './runHere.ts'

const patience = { timeout: 120_000 }

/** A listener that is slower than a program that only writes. */
function slowly(line: string): void {
  const end = performance.now() + line.length / 50_000
  while (performance.now() < end);
}

function shell(script: string, options: Partial<ProgramOptions>) {
  return run('/bin/sh', ['-c', script], { signal: new AbortController().signal, ...options })
}

const line = 'x'.repeat(999)

test('a program that writes faster than its listener reads waits, and memory does not grow', patience, () => {
  const source = `
    import { readFileSync } from 'node:fs'
    import { run } from ${JSON.stringify(import.meta.resolve('./run.ts'))}
    const slowly = ${slowly.toString()}
    const peak = () => Number(/^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1000
    const signal = new AbortController().signal
    await run('/bin/sh', ['-c', 'seq 1000'], { signal, onStdout: slowly })
    const before = peak()
    let heard = 0
    const onStderr = (line) => {
      slowly(line)
      heard += line.length + 1
    }
    await run('/bin/sh', ['-c', 'yes ${line} | head -c 200000000 >&2'], { signal, onStderr })
    console.log(JSON.stringify({ heard, grown: peak() - before }))
  `
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    encoding: 'utf8',
    timeout: 100_000,
  })
  const { heard, grown } = JSON.parse(stdout)
  assert.equal(heard, 200_000_000)
  assert.ok(grown < 100, `grew by ${grown} MB`)
})

test('a program that floods a slow listener is ended when that is asked for', patience, async () => {
  const stop = new AbortController()
  let late = 0
  const running = shell(`yes ${line} & yes ${line} >&2`, {
    signal: stop.signal,
    onStdout: slowly,
    onStderr: (text) => {
      slowly(text)
      if (stop.signal.aborted) late += text.length
    },
  })
  setTimeout(() => stop.abort(new Error('enough')), 1_000)
  await assert.rejects(running, { message: 'enough' })
  assert.ok(late < 10_000_000, `${late} bytes of lines came after the abort`)
})

test('what a program wrote last arrives whole, however slow its listener is', patience, async () => {
  let lines = 0
  const { code } = await shell('seq -f %099g 20000; exit 3', {
    graceMs: 10,
    onStdout: (text) => {
      slowly(text.repeat(20))
      lines += 1
    },
  })
  assert.deepEqual({ code, lines }, { code: 3, lines: 20_000 })
})

test(
  'what a program wrote last arrives whole, also if the thread is busy until the grace is over',
  patience,
  async () => {
    const graceMs = 10
    class BusyWhenEnded extends Backlog {
      override ended(): void {
        super.ended()
        const end = performance.now() + 10 * graceMs
        process.nextTick(() => {
          while (performance.now() < end);
        })
      }
    }
    const backlog = new BusyWhenEnded()
    const { stdout } = await runHere('/bin/sh', ['-c', 'head -c 100000 /dev/zero'], {
      env: process.env,
      signal: new AbortController().signal,
      graceMs,
      backlog,
      // The pipes are not read before the program ends. It writes more than Node reads ahead, and less than
      // fills a pipe.
      onStarted: () => queueMicrotask(() => backlog.add('x'.repeat(5_000_000))),
    })
    assert.equal(stdout.length, 100_000)
  },
)

test('a pipe that nobody listens to is read beside one that is slow', patience, async () => {
  const megabytes = `yes ${line} | head -c 5000000`
  let heard = 0
  const { stdout } = await shell(`${megabytes} & ${megabytes} >&2; wait`, {
    onStderr: (text) => {
      slowly(text)
      heard += text.length + 1
    },
  })
  assert.deepEqual([stdout.length, heard], [5_000_000, 5_000_000])
})

test('what a program leaves behind is ended, though it floods a slow listener', patience, async () => {
  const { code } = await shell(`yes ${line} & exit 0`, { graceMs: 100, onStdout: slowly })
  assert.equal(code, 0)
})

test('a flood of what left the process group does not hold the result up', patience, async () => {
  const { code } = await shell(`setsid yes ${line} & exit 0`, { graceMs: 100, onStdout: slowly })
  assert.equal(code, 0)
})

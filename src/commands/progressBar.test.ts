import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProgressBar } from './progressBar.ts'

function setUp({ isTTY }: { isTTY: boolean }) {
  const written: string[] = []
  let now = 0
  const screen = { isTTY, write: (text: string) => written.push(text) }
  const bar = new ProgressBar(screen, () => now)
  return { bar, written, wait: (milliseconds: number) => (now += milliseconds) }
}

test('a terminal has a bar that is drawn anew where it stands, ten times a second at most', () => {
  const { bar, written, wait } = setUp({ isTTY: true })
  bar.show('records', 0, 40)
  wait(99)
  bar.show('records', 5, 40)
  wait(1)
  bar.show('records', 10, 40)
  bar.clear()
  assert.deepEqual(written, [
    `\r\u001b[K[${'.'.repeat(40)}] records: 0 of 40`,
    `\r\u001b[K[${'#'.repeat(10)}${'.'.repeat(30)}] records: 10 of 40, 1 s left`,
    '\r\u001b[K',
  ])
})

test('elsewhere there is a line every ten seconds, and one at the end', () => {
  const { bar, written, wait } = setUp({ isTTY: false })
  for (const done of [0, 10, 20, 30, 39]) {
    bar.show('narinfos', done, 40)
    wait(5_000)
  }
  bar.show('narinfos', 40, 40)
  bar.clear()
  assert.deepEqual(written, [
    'narinfos: 0 of 40\n',
    'narinfos: 20 of 40, 10 s left\n',
    'narinfos: 39 of 40, 1 s left\n',
    'narinfos: 40 of 40, 0 s left\n',
  ])
})

test('what comes second is timed from its own beginning', () => {
  const { bar, written, wait } = setUp({ isTTY: false })
  bar.show('attributes', 1, 1)
  wait(100_000)
  bar.show('narinfos', 0, 4)
  wait(10_000)
  bar.show('narinfos', 1, 4)
  assert.equal(written.at(-1), 'narinfos: 1 of 4, 30 s left\n')
})

test('nothing to do is done', () => {
  const { bar, written } = setUp({ isTTY: true })
  bar.show('records', 0, 0)
  assert.deepEqual(written, [`\r\u001b[K[${'#'.repeat(40)}] records: 0 of 0`])
})

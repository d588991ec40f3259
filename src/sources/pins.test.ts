import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SourceFailed, UnknownTag } from '../errors.ts'
import { Pins } from './pins.ts'
import { recordingRun } from './testing.ts'

const down = async () => Promise.reject(new SourceFailed('the remote is down'))

test('a reference is looked up again when its time is over, not before', async (t) => {
  let now = 0
  const pins = new Pins<number>(10, () => now)
  const { run } = recordingRun(t)
  assert.equal(await pins.get('main', run, async () => 1), 1)
  now = 9_999
  assert.equal(await pins.get('main', run, async () => 2), 1)
  assert.equal(await pins.get('other', run, async () => 3), 3)
  now = 10_000
  assert.equal(await pins.get('main', run, async () => 2), 2)
})

test('an old pin is used on while the remote fails, and said so', async (t) => {
  let now = 0
  const pins = new Pins<number>(600, () => now)
  const { run, events } = recordingRun(t)
  await pins.get('main', run, async () => 1)
  now = 700_000
  assert.equal(await pins.get('main', run, down), 1)
  assert.deepEqual(events, [{ kind: 'log', line: "'main' stays at what it was: the remote is down" }])
  now = 720_000
  assert.equal(await pins.get('main', run, async () => 2), 2)
})

test('without an old pin the failure is thrown, and not remembered', async (t) => {
  const pins = new Pins<number>(600)
  const { run } = recordingRun(t)
  await assert.rejects(pins.get('main', run, down), SourceFailed)
  assert.equal(await pins.get('main', run, async () => 1), 1)
})

test('a reference that is gone is not kept alive by an old pin', async (t) => {
  let now = 0
  const pins = new Pins<number>(1, () => now)
  const { run } = recordingRun(t)
  await pins.get('main', run, async () => 1)
  now = 1_000
  const gone = async () => Promise.reject(new UnknownTag('no such branch'))
  await assert.rejects(pins.get('main', run, gone), UnknownTag)
})

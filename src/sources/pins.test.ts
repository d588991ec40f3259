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

test('an old pin is used on while the remote fails, and its age is told once', async (t) => {
  let now = 0
  const pins = new Pins<number>(600, () => now)
  const { run, events } = recordingRun(t)
  const lines = () => events.flatMap((event) => (event.kind === 'log' ? [event.line] : []))
  await pins.get('main', run, async () => 1)
  const outage = [700_000, 716_000, 732_000, 7_200_000]
  for (now of outage) assert.equal(await pins.get('main', run, down), 1)
  const told = "'main' stays at what it was 11 min ago, until the remote answers: the remote is down"
  assert.deepEqual(lines(), [told])
  now = 7_220_000
  assert.equal(await pins.get('main', run, async () => 2), 2)
  now += 3 * 86_400_000
  assert.equal(await pins.get('main', run, down), 2)
  assert.match(lines()[1] ?? '', /'main' stays at what it was 3 d ago/)
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
  await assert.rejects(pins.get('main', run, down), SourceFailed)
})

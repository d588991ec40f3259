import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseRangeHeader, type RangeAnswer } from './rangeHeader.ts'

const part = (start: number, end: number): RangeAnswer => ({ kind: 'part', range: { start, end } })
const whole: RangeAnswer = { kind: 'whole' }
const outside: RangeAnswer = { kind: 'outside' }

describe('a range of a blob of 100 bytes', () => {
  const cases: readonly (readonly [string | undefined, RangeAnswer])[] = [
    [undefined, whole],
    ['bytes=0-0', part(0, 0)],
    ['bytes=10-19', part(10, 19)],
    ['bytes=10-', part(10, 99)],
    ['bytes=-10', part(90, 99)],
    ['bytes=-1000', part(0, 99)],
    ['bytes=90-1000', part(90, 99)],
    ['bytes= 10 - 19', part(10, 19)],
    ['bytes=100-', outside],
    ['bytes=1000-1001', outside],
    ['bytes=-0', outside],
    ['bytes=-', whole],
    ['bytes=20-10', outside],
    ['Bytes=10-19', part(10, 19)],
    ['bytes=,10-19,,', part(10, 19)],
    ['bytes=,', whole],
    ['bytes=', whole],
    ['bytes', whole],
    [
      'bytes=0-1,5-6',
      {
        kind: 'parts',
        ranges: [
          { start: 0, end: 1 },
          { start: 5, end: 6 },
        ],
      },
    ],
    [
      'bytes=5-6, -2',
      {
        kind: 'parts',
        ranges: [
          { start: 5, end: 6 },
          { start: 98, end: 99 },
        ],
      },
    ],
    ['bytes=0-1,200-', part(0, 1)],
    ['bytes=200-,300-', outside],
    ['bytes=0-9,5-6', whole],
    ['bytes=0-1,x', whole],
    [`bytes=${Array.from({ length: 33 }, (_, index) => `${index}-${index}`).join()}`, whole],
    ['lines=0-1', whole],
    ['bytes=a-b', whole],
  ]
  for (const [header, expected] of cases) {
    it(`${header} is ${expected.kind}`, () => assert.deepEqual(parseRangeHeader(header, 100), expected))
  }

  it('lies inside the blob, whatever is asked for', () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
    )
    fc.assert(
      fc.property(header, fc.nat(), (text, size) => {
        const answer = parseRangeHeader(text, size)
        if (answer.kind !== 'part') return
        const { start, end } = answer.range
        assert.ok(start >= 0 && start <= end && end < size)
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseCoding } from './acceptEncoding.ts'

describe('the transport coding', () => {
  const cases: readonly (readonly [string | undefined, string | undefined])[] = [
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['zstd, gzip, deflate', 'zstd'],
    ['zstd;q=0.5, gzip', 'gzip'],
    ['gzip;q=0', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['br', undefined],
    ['*', undefined],
  ]
  for (const [header, coding] of cases) {
    it(`for ${header} is ${coding}`, () => assert.equal(chooseCoding(header, ['zstd', 'gzip']), coding))
  }
})

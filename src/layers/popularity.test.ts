import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidData } from '../errors.ts'
import { toStorePath } from '../store/storePath.ts'
import { parsePopularity, popularityOf } from './popularity.ts'

const glibc = toStorePath('/nix/store/00000000000000000000000000000000-glibc-2.39-52')

test('names are looked up with version and without hash, and unknown ones count one', () => {
  const { counts } = parsePopularity('{"glibc-2.39-52": 61234, "glibc": 5}', 'a test')
  assert.equal(popularityOf(glibc, counts), 61234)
  assert.equal(popularityOf(toStorePath(`${glibc}-bin`), counts), 1)
})

test('a name may be one that every JavaScript object has', () => {
  const { counts } = parsePopularity('{"__proto__": 3, "constructor": 4}', 'a test')
  assert.deepEqual([counts.get('constructor'), counts.get('toString')], [4, undefined])
})

test('the identity is that of the counts, not of the file', () => {
  const { identity } = parsePopularity('{"a": 1, "b": 2}', 'a test')
  assert.equal(parsePopularity('{"b":2,\n"a":1}', 'another').identity, identity)
  assert.notEqual(parsePopularity('{"a": 2, "b": 2}', 'a test').identity, identity)
})

test('data that is not an object of counts is refused, naming where it is from', () => {
  for (const text of ['', '[]', '{"a": "1"}', '{"a": -1}', '{"a": 1.5}']) {
    assert.throws(() => parsePopularity(text, 'counts.json'), isInvalid(/counts\.json/), text)
  }
})

function isInvalid(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof InvalidData && message.test(error.message)
}

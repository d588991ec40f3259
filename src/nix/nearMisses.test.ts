import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, nearMissesAmong } from './nearMisses.ts'

function nearMisses(wanted: string, among: readonly string[]): readonly string[] {
  return nearMissesAmong(among)(wanted)
}

const names = ['git', 'gitFull', 'gitea', 'htop', 'btop', 'iotop', 'jq', 'nodejs', 'nodejs_20', 'node2nix']

test('the closest names come first, at most three', () => {
  assert.deepEqual(nearMisses('hto', names), ['htop'])
  assert.deepEqual(nearMisses('thop', names), ['htop'])
  assert.deepEqual(nearMisses('top1', ['top2', 'top4', 'top3', 'top5']), ['top2', 'top3', 'top4'])
})

test('a name that only goes on is closer than one that differs', () => {
  assert.deepEqual(nearMisses('node', [...names, 'code']), ['nodejs', 'node2nix', 'code'])
})

test('names are offered as an image name can hold them', () => {
  assert.deepEqual(nearMisses('gitful', names), ['gitfull'])
  assert.deepEqual(nearMisses('1pasword', ['_1password', '_1Password']), ['1password'])
  assert.deepEqual(nearMisses('libsigc', ['libsigc++']), [])
})

test('nothing is offered for a name that is like no other', () => {
  assert.deepEqual(nearMisses('quite-another-thing', names), [])
  assert.deepEqual(nearMisses('x', names), [])
  assert.deepEqual(nearMisses('htop', []), [])
})

test('the distance counts a swap of neighbours as one edit', () => {
  const cases = [
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abc', 'ab', 1],
    ['ab', 'abc', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ] as const
  for (const [a, b, distance] of cases) assert.equal(editDistance(a, b, 10), distance, `${a} to ${b}`)
})

test('a distance over the bound is known to be over it', () => {
  assert.ok(editDistance('completely', 'different!', 2) > 2)
})

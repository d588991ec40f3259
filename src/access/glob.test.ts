import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchesGlob } from './glob.ts'

for (const [pattern, text, expected] of [
  ['git', 'git', true],
  ['git', 'gitea', false],
  ['git', 'agit', false],
  ['git*', 'gitea', true],
  ['*git', 'legit', true],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['python3packages.*', 'python3packages.requests', true],
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/app:ref:refs/heads/main', true],
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/app:ref:refs/heads/main2', false],
  ['a*b*c', 'a--b-b-c', true],
  ['a*b*c', 'a--b-b-', false],
  ['a.c', 'abc', false],
  ['[a-z]', 'a', false],
] as const) {
  test(`'${pattern}' ${expected ? 'matches' : 'does not match'} '${text}'`, () => {
    assert.equal(matchesGlob(pattern, text), expected)
  })
}

test('a pattern with many stars costs no time', () => {
  const start = performance.now()
  assert.equal(matchesGlob(`${'*a'.repeat(60)}b`, 'a'.repeat(255)), false)
  assert.ok(performance.now() - start < 100)
})

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { PackagesNotFound } from '../errors.ts'
import { parseImageName } from '../image/name.ts'
import { createTestNix, writeSet } from '../nix/testing.ts'
import { evaluateRequest } from './evaluateRequest.ts'

/** Evaluates an image of a set that has one package, and nothing that every image has. */
async function evaluated(t: TestContext, name: string) {
  const { nix, folder, events, run } = await createTestNix(t)
  const path = await writeSet(folder, '{ a = ok "a" { }; }')
  const request = parseImageName(name)
  const location = { kind: 'path', path } as const
  const query = { location, system: 'x86_64-linux', attributes: request.packages } as const
  const packages = await evaluateRequest(nix, request, query, run)
  return { attributes: packages.map(({ attribute }) => attribute), events }
}

test('what every image has is left out of an image whose package set lacks it, and the log says so', async (t) => {
  const { attributes, events } = await evaluated(t, 'a')
  assert.deepEqual(attributes, ['a'])
  const lines = events.flatMap((event) => (event.kind === 'log' ? [event.line] : []))
  assert.ok(lines.some((line) => line.includes('lacks cacert, iana-etc')))
})

test('a missing package that was asked for is an error, which names that alone', async (t) => {
  for (const [name, missing] of [
    ['a/b', ['b']],
    ['cacert', ['cacert']],
  ] as const) {
    await assert.rejects(evaluated(t, name), (error) => {
      assert.ok(error instanceof PackagesNotFound)
      assert.deepEqual(
        error.packages.map(({ attribute }) => attribute),
        missing,
      )
      return true
    })
  }
})

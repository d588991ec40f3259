import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { EvaluationFailed } from '../errors.ts'
import { createNix } from './createNix.ts'
import { createTestNix, testEnvironment, writeSet } from './testing.ts'

/** Milliseconds. A broken set takes less than one second; a busy machine may need ten times as long. */
const soon = 10_000

const brokenSets: readonly (readonly [what: string, body: string, says: RegExp])[] = [
  ['an unclosed brace', '{ system }: { a = ok "a" { };', /unexpected end of file/],
  ['an unclosed string', '{ system }: { a = "', /unexpected end of file/],
  ['an unclosed multi-line string', "{ system }: { a = ''", /unexpected end of file/],
  ['an unclosed comment', '{ system }: { a = 1; /* }', /unexpected|syntax error/],
  ['an unclosed bracket', '{ system }: { a = [ 1', /unexpected end of file/],
  ['a body that is missing', '{ system }:', /unexpected end of file/],
  ['an unclosed brace in another file', '{ system }: import ./other.nix', /unexpected end of file/],
  ['a syntax error', '{ system }: { a = ; }', /unexpected ';'/],
  ['a brace too many', '{ system }: { } }', /unexpected '}'/],
  ['an undefined variable', '{ system }: nowhere', /undefined variable 'nowhere'/],
  ['a file that is missing', '{ system }: import ./no-such.nix', /no-such\.nix/],
  ['a set that aborts', 'abort "requires something"', /requires something/],
  ['a set that throws', '{ system }: throw "nothing here"', /nothing here/],
  ['infinite recursion', '{ system }: let x = x; in x', /infinite recursion/],
  ['endless calls', '{ system }: let f = x: 1 + f x; in { a = f 1; } // f 1', /stack overflow|call depth/],
  ['an argument that is required', '{ system, foo }: { }', /without required argument 'foo'/],
  ['an argument that is not taken', '{ foo ? 1 }: { }', /unexpected argument 'system'/],
  ['a list', '[ 1 ]', /is a list/],
  ['a function of a function', '{ system }: { system }: { }', /is a lambda/],
  ['a number', '3', /is a int/],
  ['an empty file', '', /unexpected end of file/],
]

async function createNixFor(t: TestContext, body: string, evaluators: number) {
  const { folder, run } = await createTestNix(t)
  const path = await writeSet(folder, body)
  await writeFile(join(path, 'other.nix'), '{ a = {')
  const nix = await createNix({
    timeout: 60,
    stateDir: join(folder, 'own'),
    env: testEnvironment,
    evaluators,
  })
  t.after(() => nix.close())
  const location = { kind: 'path', path } as const
  const limited = { ...run, signal: AbortSignal.any([run.signal, AbortSignal.timeout(soon)]) }
  return (attributes: readonly string[]) =>
    nix.evaluate({ revision: 'one', location, system: 'x86_64-linux', attributes }, limited)
}

for (const [name, evaluators] of [
  ['cold', 0],
  ['warm', 1],
] as const) {
  for (const [what, body, says] of brokenSets) {
    test(`${what} is an error of the set at once, ${name}`, async (t) => {
      const evaluate = await createNixFor(t, body, evaluators)
      for (let times = 0; times < 2; times++) {
        await assert.rejects(evaluate(['a', 'b']), (error) => {
          assert.ok(error instanceof EvaluationFailed, String(error))
          assert.match(error.message, /^the package set cannot be evaluated: /)
          assert.match(error.message, says)
          return true
        })
      }
    })
  }

  test(`a package whose file is broken does not disturb the others, ${name}`, async (t) => {
    const body = '{ system }: { good = ok "good" { }; broken = import ./other.nix; }'
    const evaluate = await createNixFor(t, body, evaluators)
    for (let times = 0; times < 2; times++) {
      await assert.rejects(
        evaluate(['broken', 'good']),
        /'broken' cannot be evaluated: .*unexpected end of file/,
      )
      assert.equal((await evaluate(['good'])).length, 1)
    }
  })
}

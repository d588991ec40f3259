import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PackageSetFailed } from '../errors.ts'
import { createNix } from './createNix.ts'
import { createTestNix, testEnvironment, writeSet } from './testing.ts'

/** Milliseconds. A broken set takes less than one second; a busy machine may need far longer. */
const soon = 60_000

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

const needs = (words: string) =>
  `abort "\n\n  This version of Nixpkgs requires ${words}\n\n  If you need further help, see https://x"`

const tooNew: readonly (readonly [body: string, sentence: RegExp])[] = [
  [needs('Nix >= 99.1, please upgrade:\n\n- If you are running NixOS'), /it requires Nix >= 99\.1\. Install/],
  [
    needs(
      'an implementation of Nix with the following features:\n- the `x` builtin\n\nYou are evaluating with Nix 2.8',
    ),
    /it requires an implementation of Nix with the following features: - the `x` builtin\. Install/,
  ],
]

test('a set that needs a newer Nix is an error that says so', async (t) => {
  for (const [body, sentence] of tooNew) {
    const evaluate = await createNixFor(t, body, 0)
    await assert.rejects(evaluate(['a']), (error) => {
      assert.ok(error instanceof PackageSetFailed, String(error))
      assert.match(error.message, /^the package set needs a newer Nix than this machine has: /)
      assert.match(error.message, sentence)
      return true
    })
  }
})

const skip = process.getuid?.() === 0 ? false : 'needs root, who evaluates as another user'

test(
  'a set that evaluators may not read is an error that says how to make it readable',
  { skip },
  async (t) => {
    const { nix, folder, run } = await createTestNix(t)
    const path = await writeSet(folder, '{ a = 1; }')
    await chmod(join(path, 'default.nix'), 0o600)
    const query = { location: { kind: 'path', path }, system: 'x86_64-linux', attributes: ['a'] } as const
    await assert.rejects(nix.evaluate(query, run), (error) => {
      assert.ok(error instanceof PackageSetFailed, String(error))
      assert.match(error.message, /may not read .*default\.nix\. .*chmod -R go\+rX/)
      return true
    })
  },
)

for (const [name, evaluators] of [
  ['cold', 0],
  ['warm', 1],
] as const) {
  for (const [what, body, says] of brokenSets) {
    test(`${what} is an error of the set at once, ${name}`, async (t) => {
      const evaluate = await createNixFor(t, body, evaluators)
      for (let times = 0; times < 2; times++) {
        await assert.rejects(evaluate(['a', 'b']), (error) => {
          assert.ok(error instanceof PackageSetFailed, String(error))
          assert.match(error.message, /^the package set /)
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

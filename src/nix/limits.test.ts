import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { BuildEvent } from '../work/events.ts'
import { createAskedNix, writeSet } from './testing.ts'

async function writeHostileSet(t: TestContext, body: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755)
  return writeSet(folder, body)
}

for (const [how, evaluators] of [
  ['by a process of its own', 0],
  ['by a warm evaluator', 1],
] as const) {
  test(`an evaluation ${how} is ended when it uses too much`, async (t) => {
    const memory = 768 * 1024 ** 2
    const body = `{ system, ... }:
      let steps = f: builtins.foldl' (seen: step: f step) 0 (builtins.genList (n: n) 20000); in {
        memory = builtins.foldl' (all: one: [ all one ]) [ ] (builtins.genList (n: n) 50000000);
        text = let double = n: if n == 0 then "0123456789" else let half = double (n - 1); in half + half; in double 40;
        time = steps (a: steps (b: steps (c: c)));
      }`
    const set = await writeHostileSet(t, body)
    const small = await createAskedNix(t, set, { evaluators, limits: { memory } })
    assert.match(await small.ask('memory'), /needed more than 768 MiB of memory \(NIXERY_EVALUATION_MEMORY\)/)
    assert.match(await small.ask('text'), /needed more than 768 MiB of memory \(NIXERY_EVALUATION_MEMORY\)/)
    const short = await createAskedNix(t, set, { evaluators, limits: { seconds: 1 } })
    assert.match(await short.ask('time'), /took more than 1 s of processor time \(NIXERY_EVALUATION_TIME\)/)
  })

  test(`what a hostile package set says is short and printable, ${how}`, async (t) => {
    const body = `{ system, ... }:
      let
        many = text: builtins.concatStringsSep "" (builtins.genList (n: text) 200000);
        odd = builtins.fromJSON ''"\\u001b[31mred\\u0007 \\u0085\\u202e\\r\\n end"'';
        fine = version: derivation { name = "a"; inherit system; builder = "/bin/sh"; } // { inherit version; };
      in {
        lines = throw (many "one more line\n");
        one = throw (many "x");
        odd = throw odd;
        aborts = abort (odd + many "x");
        version = fine (odd + many "x");
        traces = builtins.foldl' (all: n: builtins.trace (odd + toString n) all) (fine "1") (builtins.genList (n: n) 5000);
      }`
    const { ask } = await createAskedNix(t, await writeHostileSet(t, body), { evaluators })
    assert.match(await ask('lines'), /EvaluationRefused: one more line one more line .*…$/)
    assert.match(await ask('one'), /EvaluationRefused: xxxx.*…$/)
    assert.match(
      await ask('aborts'),
      /EvaluationFailed: .*'aborts' cannot be evaluated: evaluation aborted .*red end.*…$/,
    )
    const events: BuildEvent[] = []
    for (const attribute of ['lines', 'one', 'odd', 'aborts', 'version', 'traces']) {
      const answer = await ask(attribute, (event) => events.push(event))
      assert.ok(answer.length < 3_000, `${attribute}: ${answer.length}`)
      assert.match(answer, /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u)
    }
    const lines = events.flatMap((event) => (event.kind === 'log' ? [event.line] : []))
    assert.ok(lines.length < 1_000, `${lines.length} lines`)
    for (const line of lines) assert.match(line, /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]{0,3000}$/u)
  })
}

test('a hostile package set cannot fill the disk', async (t) => {
  const limits = { space: 50 * 1024 ** 2 }
  const body = `{ system, ... }:
    let
      text = builtins.concatStringsSep "" (builtins.genList (n: "0123456789") 100000);
      write = n: builtins.toFile "x" "\${toString n}\${text}";
      all = builtins.concatStringsSep " " (builtins.genList write 100000);
    in { a = derivation { name = "a"; inherit system all; builder = "/bin/sh"; }; }`
  const set = await writeHostileSet(t, body)
  const warm = await createAskedNix(t, set, { evaluators: 1, limits })
  assert.match(await warm.ask('a'), /wrote more than 50 MiB/)
  const cold = await createAskedNix(t, set, { evaluators: 0, limits })
  const query = { location: { kind: 'path', path: set }, system: 'x86_64-linux', attributes: ['a'] } as const
  const run = { signal: AbortSignal.timeout(120_000), onEvent: () => {} }
  await assert.rejects(cold.nix.instantiate(query, run), /wrote more than 50 MiB/)
})

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { PackageSetFailed } from '../errors.ts'
import { createTestNix, testEnvironment } from './testing.ts'
import { nameOf } from '../store/storePath.ts'
import { validPaths } from './validPaths.ts'

const set = `{ system }:
let
  make = name: extra: derivation ({ inherit name system; builder = "/bin/sh"; } // extra);
in {
  one = make "one" { };
  two = make "two" { outputs = [ "out" "dev" ]; };
  nested = { recurseForDerivations = true; three = make "three" { }; itself = { recurseForDerivations = true; }; };
  hidden = { four = make "four" { }; };
  throws = throw "no";
  half = make "half" { builder = throw "no"; };
  endless = let x = x; in x;
  missing = { }.a;
  number = 1;
  function = x: x;
}
`

test('all outputs of all packages are found, whatever else is in the set', async (t) => {
  const { nix, folder, stateDir, run } = await createTestNix(t)
  const file = join(folder, 'set.nix')
  await writeFile(file, set)
  const options = { timeout: 60, stateDir, env: testEnvironment }
  const location = { kind: 'path', path: file } as const
  const told: number[] = []
  const found = await nix.outputs({ location, system: 'x86_64-linux' }, run, (done) => told.push(done))
  assert.deepEqual(found.paths.map(nameOf).toSorted(), ['one', 'three', 'two', 'two-dev'])
  // What Nix cannot catch costs no other attribute.
  assert.deepEqual([found.attributes, found.failed, told.at(-1)], [10, 2, 10])
  assert.deepEqual(await validPaths(found.paths, options, run), [])

  await writeFile(file, 'throw "nothing here"')
  await assert.rejects(
    nix.outputs({ location, system: 'x86_64-linux' }, run),
    (error) => error instanceof PackageSetFailed && error.message.includes('nothing here'),
  )
})

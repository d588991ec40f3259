import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AmbiguousPackage,
  EvaluationFailed,
  EvaluationRefused,
  NixFailed,
  PackageSetFailed,
  PackagesNotFound,
} from '../errors.ts'
import { createNix } from './createNix.ts'
import { createTestNix, writeSet } from './testing.ts'

const set = `{ system, config, overlays }: rec {
  hello = ok "hello-2.12" { outputs = [ "out" "man" ]; } // {
    meta = {
      description = "A friendly greeting"; homepage = [ "https://hello.example" ];
      license = [ { spdxId = "GPL-3.0-or-later"; } { shortName = "mit"; } ]; mainProgram = "hello";
    };
  };
  seen = ok "seen" { } // { version = "\${system} (\${toString (builtins.attrNames config)}) (\${toString overlays})"; };
  plain = removeAttrs (ok "plain" { }) [ "outputs" ];
  openssl = ok "openssl" { outputs = [ "bin" "dev" "out" "man" ]; };
  listed = ok "listed" { outputs = [ "out" "dev" "man" ]; } // { meta.outputsToInstall = [ "dev" "man" "out" ]; };
  devOnly = ok "dev-only" { outputs = [ "lib" "dev" ]; };
  asOutput = openssl.dev // { outputSpecified = true; };
  strange = ok "strange" { } // { meta = { description = throw "no"; license = 3; homepage = [ ]; }; };
  python3Packages = { requests = ok "requests" { }; Deep.er = ok "deeper" { }; };
  _1password = ok "1password" { };
  _7Zip = ok "7zip" { };
  Twin = ok "twin" { }; tWin = ok "twin" { };
  exact = ok "exact" { }; EXACT = ok "other" { };
  pick = { Choice = 1; cHoice = 2; };
  function = x: x; number = 5;
  unfree = hello // {
    drvPath = throw "Package ‘unfree-1’ in /x.nix:3 has an unfree license (‘unfree’), refusing to evaluate.\\n\\na) To allow";
    meta.license.free = false;
  };
  renamed = throw "'renamed' is now 'hello'";
  asserted = assert false; hello;
  aborts = abort "that is all";
  typed = ok "typed" { wrong = 1 + "a"; };
  loops = let x = x; in x;
}`

test('packages come in the order asked for, with all that is known of them', async (t) => {
  const { evaluate } = await createTestNix(t)
  const [seen, hello] = await evaluate(set, ['seen', 'hello'])
  assert.equal(seen?.attribute, 'seen')
  assert.ok(hello)
  const { derivation, outputs, name, version, ...rest } = hello
  assert.match(name, /^hello-2\.12-/)
  assert.match(version ?? '', /^2\.12-/)
  assert.match(derivation, /-hello-2\.12-.*\.drv$/)
  assert.deepEqual(
    outputs.map((output) => output.name),
    ['out'],
  )
  assert.match(outputs[0]?.path ?? '', /-hello-2\.12-[^/]*$/)
  assert.deepEqual(rest, {
    attribute: 'hello',
    resolved: 'hello',
    meta: {
      description: 'A friendly greeting',
      homepage: 'https://hello.example',
      license: 'GPL-3.0-or-later AND mit',
      mainProgram: 'hello',
    },
  })
})

test('a set is called with the system, an empty config and no overlays where it takes them', async (t) => {
  const { evaluate } = await createTestNix(t)
  assert.equal((await evaluate(set, ['seen']))[0]?.version, 'x86_64-linux () ()')
  for (const head of [
    '{ system, ... }:',
    '{ system }:',
    'args: let inherit (args) system; in',
    '{ config ? 1, ... }@args:',
  ]) {
    const body = `${head} { a = ok "a" { } // { version = builtins.concatStringsSep " " [ "called" ]; }; }`
    assert.equal((await evaluate(body, ['a']))[0]?.version, 'called', head)
  }
})

test('a set that is no function is used as it is', async (t) => {
  const { evaluate } = await createTestNix(t)
  assert.equal((await evaluate('{ a = ok "a" { }; }', ['a']))[0]?.resolved, 'a')
})

const spellings: readonly (readonly [asked: string, resolved: string])[] = [
  ['python3packages.requests', 'python3Packages.requests'],
  ['python3packages.deep.er', 'python3Packages.Deep.er'],
  ['PYTHON3PACKAGES.REQUESTS', 'python3Packages.requests'],
  ['1password', '_1password'],
  ['7zip', '_7Zip'],
  ['exact', 'exact'],
  ['openssl.dev', 'openssl.dev'],
  ['asoutput', 'asOutput'],
]

test('attributes are found by exact name, without regard to case, or with an underscore', async (t) => {
  const { evaluate } = await createTestNix(t)
  const packages = await evaluate(
    set,
    spellings.map(([asked]) => asked),
  )
  assert.deepEqual(
    packages.map(({ attribute, resolved }) => [attribute, resolved]),
    spellings,
  )
})

test('the outputs are those that the package wants installed, or the one that was named', async (t) => {
  const { evaluate } = await createTestNix(t)
  const expected = {
    plain: ['out'],
    hello: ['out'],
    openssl: ['bin'],
    'openssl.man': ['man'],
    'openssl.out': ['out'],
    listed: ['dev', 'out'],
    devonly: ['lib'],
    asoutput: ['dev'],
  }
  const packages = await evaluate(set, Object.keys(expected))
  const outputs = packages.map((one) => [one.attribute, one.outputs.map(({ name }) => name)])
  assert.deepEqual(Object.fromEntries(outputs), expected)
  const paths = packages
    .filter(({ attribute }) => attribute.startsWith('openssl'))
    .map((one) => one.outputs[0]?.path)
  assert.equal(new Set(paths).size, 3)
})

test('meta that throws or is of a strange type is left out', async (t) => {
  const { evaluate } = await createTestNix(t)
  assert.deepEqual((await evaluate(set, ['strange']))[0]?.meta, {})
})

test('all attributes that are missing are named, each with what is close', async (t) => {
  const { evaluate } = await createTestNix(t)
  const missing = [
    'helo',
    'python3packages.reqests',
    'pythn3packages.requests',
    'openssl.devel',
    '1pasword',
    'number.x',
  ]
  await assert.rejects(evaluate(set, ['hello', ...missing, 'unfree']), (error) => {
    assert.ok(error instanceof PackagesNotFound)
    const near = error.packages.map(({ attribute, nearMisses }) => [attribute, nearMisses])
    assert.deepEqual(near, [
      ['helo', ['hello']],
      ['python3packages.reqests', ['python3packages.requests']],
      ['pythn3packages.requests', ['python3packages.requests']],
      ['openssl.devel', ['openssl.dev']],
      ['1pasword', ['1password']],
      ['number.x', []],
    ])
    return true
  })
})

test('what stands for no attribute can be a near miss too, of a whole name alone', async (t) => {
  const { nix, folder, run } = await createTestNix(t)
  const location = { kind: 'path', path: await writeSet(folder, set) } as const
  const query = { location, system: 'x86_64-linux', otherNames: ['hell', 'arm64'] } as const
  await assert.rejects(nix.evaluate({ ...query, attributes: ['helo', 'arm46', 'arm46.x'] }, run), (error) => {
    assert.ok(error instanceof PackagesNotFound)
    const near = error.packages.map(({ nearMisses }) => nearMisses)
    assert.deepEqual(near, [['hell', 'hello'], ['arm64'], []])
    return true
  })
})

test('a set, a function and a value are no packages', async (t) => {
  const { evaluate } = await createTestNix(t)
  await assert.rejects(evaluate(set, ['python3packages', 'function', 'number']), (error) => {
    assert.ok(error instanceof PackagesNotFound)
    assert.deepEqual(
      error.packages.map(({ reason }) => reason),
      [
        'it is a set; name a package in it, as in python3packages.NAME',
        'it is a function',
        'it is a value of type int',
      ],
    )
    return true
  })
})

test('an ambiguous name is refused with its choices, whole', async (t) => {
  const { evaluate } = await createTestNix(t)
  await assert.rejects(evaluate(set, ['hello', 'twin']), (error) => {
    assert.ok(error instanceof AmbiguousPackage)
    assert.deepEqual(error.choices, ['Twin', 'tWin'])
    return true
  })
  await assert.rejects(evaluate(set, ['pick.choice']), /pick\.Choice or pick\.cHoice/)
})

const refusals: readonly (readonly [attribute: string, sentence: string])[] = [
  ['unfree', 'Package ‘unfree-1’ in /x.nix:3 has an unfree license (‘unfree’), refusing to evaluate.'],
  ['renamed', "'renamed' is now 'hello'"],
]

test('what the set refuses is told in its own sentence', async (t) => {
  const { evaluate } = await createTestNix(t)
  for (const [attribute, sentence] of refusals) {
    await assert.rejects(evaluate(set, ['hello', attribute]), (error) => {
      assert.ok(error instanceof EvaluationRefused)
      assert.equal(error.attribute, attribute)
      assert.equal(error.message, sentence)
      return true
    })
  }
  await assert.rejects(evaluate(set, ['asserted']), EvaluationRefused)
})

test('an error that Nix cannot catch is laid to the attribute at fault', async (t) => {
  const { evaluate } = await createTestNix(t)
  const cases = {
    aborts: /'aborts' cannot be evaluated: .*that is all/,
    typed: /'typed' .*cannot add/,
    loops: /'loops' .*infinite recursion/,
  }
  for (const [attribute, message] of Object.entries(cases)) {
    await assert.rejects(evaluate(set, ['hello', attribute]), (error) => {
      assert.ok(error instanceof EvaluationFailed)
      assert.match(error.message, message)
      return true
    })
  }
})

test('a set that cannot be evaluated at all is an error of the set', async (t) => {
  const { evaluate, nix, run } = await createTestNix(t)
  for (const body of ['throw "nothing here"', '{ system }: ', '[ 1 ]', 'abort "no"']) {
    await assert.rejects(evaluate(body, ['hello']), (error) => {
      assert.ok(error instanceof PackageSetFailed, `${body}: ${String(error)}`)
      assert.match(error.message, /^the package set cannot be evaluated: ./)
      return true
    })
  }
  const location = { kind: 'path', path: '/no/such/folder' } as const
  const query = { location, system: 'x86_64-linux', attributes: ['hello'] } as const
  await assert.rejects(nix.evaluate(query, run), /package set cannot be evaluated: .*\/no\/such\/folder/)
})

test('names are never read as expressions or options', async (t) => {
  const { evaluate } = await createTestNix(t)
  const names = ['--version', '${abort "x"}', '"; abort', '-', '', 'a b', 'hello..x', "''"]
  await assert.rejects(evaluate(set, names), (error) => {
    assert.ok(error instanceof PackagesNotFound)
    assert.deepEqual(
      error.packages.map(({ attribute }) => attribute),
      names,
    )
    return true
  })
})

test('what the set traces arrives as an event', async (t) => {
  const { evaluate, events } = await createTestNix(t)
  await evaluate('{ a = builtins.trace "a sign of life" (ok "a" { }); }', ['a'])
  assert.deepEqual(events, [{ kind: 'log', line: 'trace: a sign of life' }])
})

test('an evaluation ends when it is aborted', async (t) => {
  const { nix, folder } = await createTestNix(t)
  const steps = "work: builtins.foldl' (seen: step: work step) 0 (builtins.genList (n: n) 5000)"
  const body = `let each = ${steps}; in { a = each (n: builtins.trace "on" (each (n: n))); }`
  const path = await writeSet(folder, body)
  const controller = new AbortController()
  const run = { signal: controller.signal, onEvent: () => controller.abort(new Error('enough')) }
  const query = { location: { kind: 'path', path }, system: 'x86_64-linux', attributes: ['a'] } as const
  await assert.rejects(nix.evaluate(query, run), { message: 'enough' })
})

test('a machine without Nix is told so', async (t) => {
  const { stateDir, run } = await createTestNix(t)
  const nix = await createNix({ timeout: 1, stateDir, env: { PATH: '/nowhere' } })
  const query = { location: { kind: 'path', path: '/' }, system: 'x86_64-linux', attributes: ['a'] } as const
  await assert.rejects(
    nix.evaluate(query, run),
    (error) => error instanceof NixFailed && /not installed/.test(error.message),
  )
  await assert.rejects(nix.ready(), NixFailed)
})

test('a Nix that works tells its version', async (t) => {
  const { nix } = await createTestNix(t)
  assert.match((await nix.ready()).version, /^\d+\.\d+/)
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createInputFetcher } from '../sources/evaluationInputs.ts'
import { createNix, type CreateNixOptions } from './createNix.ts'
import { nixVersions, testEnvironment } from './testing.ts'

const nixHash = (...args: readonly string[]) =>
  execFileSync('nix-hash', ['--type', 'sha256', '--base32', ...args], { encoding: 'utf8' }).trim()

/** A web server that has a file, and a set of one package in tarballs of three kinds. */
async function serveInputs(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755)
  const library = join(folder, 'library-1')
  await mkdir(join(library, 'sub'), { recursive: true })
  await writeFile(join(folder, 'name.txt'), 'of-a-file')
  await writeFile(join(library, 'default.nix'), '{ name }: import ./sub/package.nix name')
  await writeFile(
    join(library, 'sub/package.nix'),
    `name: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "read line < \${./text}; echo $line > $out" ]; }`,
  )
  await writeFile(join(library, 'sub/text'), 'text of the library\n')
  // A library that fetches itself.
  await mkdir(join(folder, 'second'))
  for (const ending of ['gz', 'xz', 'bz2'])
    execFileSync('tar', ['-C', folder, '-caf', join(folder, `library.tar.${ending}`), 'library-1'])
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    requests.push(path)
    if (path === '/moved.tar.gz') return response.writeHead(302, { location: '/library.tar.gz' }).end()
    readFile(join(folder, path)).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    )
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    folder,
    url,
    requests,
    tree: nixHash(library),
    file: nixHash('--flat', join(folder, 'name.txt')),
    treeOf: (path: string) => nixHash(path),
  }
}

async function createEvaluator(t: TestContext, url: string, options: Partial<CreateNixOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  await chmod(folder, 0o755)
  const nix = await createNix({
    timeout: 60,
    stateDir: join(folder, 'state'),
    env: { ...testEnvironment, ...options.env },
    evaluators: 1,
    fetching: { fetch: createInputFetcher(undefined), allowedUris: [url] },
    ...options,
  })
  t.after(async () => {
    await nix.close()
    await rm(folder, { recursive: true, force: true })
  })
  const set = join(folder, 'set')
  await mkdir(set)
  const run = { signal: t.signal, onEvent: () => {} }
  const queryOf = (attributes: readonly string[], trusted: boolean) => {
    const location = { kind: 'path', path: set } as const
    return { revision: 'one', location, system: 'x86_64-linux', attributes, trusted } as const
  }
  return {
    nix,
    run,
    folder,
    queryOf,
    write: (name: string, text: string) => writeFile(join(set, name), text),
    evaluate: (attribute: string, trusted = true) => nix.evaluate(queryOf([attribute], trusted), run),
  }
}

for (const { version, env } of nixVersions) {
  test(`a set that fetches is evaluated, in all forms that are in use, Nix ${version}`, async (t) => {
    const { url, tree, file, requests } = await serveInputs(t)
    const { evaluate, write, nix, queryOf, run } = await createEvaluator(t, url, { env })
    // As niv has it: a name, and sources in a file beside.
    await write('sources.json', JSON.stringify({ library: { url: `${url}/library.tar.gz`, sha256: tree } }))
    await write(
      'sources.nix',
      `let spec = (builtins.fromJSON (builtins.readFile ./sources.json)).library; in
      { library = builtins.fetchTarball { name = "library-src"; inherit (spec) url sha256; }; }`,
    )
    // As npins has it: no name.
    await write(
      'npins.nix',
      `builtins.mapAttrs (name: pin: { outPath = builtins.fetchTarball { inherit (pin) url; sha256 = pin.hash; }; })
      { library = { url = "${url}/moved.tar.gz"; hash = "${tree}"; }; }`,
    )
    const body = `{ system, ... }: let sources = import ./sources.nix; pins = import ./npins.nix; in {
      niv = import sources.library { name = "niv"; };
      npins = import pins.library { name = "npins"; };
      scoped = import (fetchTarball { url = "${url}/library.tar.xz"; sha256 = "${tree}"; }) { name = "scoped"; };
      bzip = import (fetchTarball { url = "${url}/library.tar.bz2"; sha256 = "${tree}"; }) { name = "bzip"; };
      file = import sources.library { name = builtins.readFile (builtins.fetchurl { url = "${url}/name.txt"; sha256 = "${file}"; }); };
      plain = derivation { name = "plain"; inherit system; builder = "/bin/sh"; };
    }`
    await write('default.nix', body)
    for (const attribute of ['niv', 'npins', 'scoped', 'bzip', 'plain', 'niv'])
      assert.deepEqual(
        (await evaluate(attribute)).map(({ name }) => name),
        [attribute],
      )
    assert.deepEqual(
      (await evaluate('file')).map(({ name }) => name),
      ['of-a-file'],
    )
    const fetched = requests.filter((path) => path === '/library.tar.gz')
    // Once for niv, and once by way of the other address.
    assert.equal(fetched.length, 2, requests.join())
    const packages = await nix.instantiate(queryOf(['niv', 'scoped'], true), run)
    const root = await nix.realise(packages, run)
    const [first] = packages
    assert.equal(await readFile(first?.outputs[0]?.path ?? '', 'utf8'), 'text of the library\n')
    await root.release()
  })
}

test('what is fetched may fetch', async (t) => {
  const { folder, url, file, treeOf } = await serveInputs(t)
  const second = join(folder, 'second')
  const inner = `builtins.readFile (builtins.fetchurl { url = "${url}/name.txt"; sha256 = "${file}"; })`
  await writeFile(join(second, 'default.nix'), 'import ./more.nix')
  await writeFile(
    join(second, 'more.nix'),
    `derivation { name = ${inner}; system = "x86_64-linux"; builder = "/bin/sh"; }`,
  )
  execFileSync('tar', ['-C', folder, '-czf', join(folder, 'second.tar.gz'), 'second'])
  const { evaluate, write } = await createEvaluator(t, url)
  const outer = `fetchTarball { url = "${url}/second.tar.gz"; sha256 = "${treeOf(second)}"; }`
  await write('default.nix', `{ system, ... }: { a = import (${outer}); }`)
  assert.deepEqual(
    (await evaluate('a')).map(({ name }) => name),
    ['of-a-file'],
  )
})

const zeros = '0'.repeat(52)
const refusals: readonly (readonly [what: string, expression: (url: string) => string, says: RegExp])[] = [
  [
    'a wrong hash',
    (url) => `fetchTarball { url = "${url}/library.tar.gz"; sha256 = "${zeros}"; }`,
    /expects http\S+library\.tar\.gz to have the hash 0{52}, but it has sha256-/,
  ],
  ['no hash', (url) => `fetchTarball "${url}/library.tar.gz"`, /without a hash/],
  [
    'an address that is not allowed',
    () => `fetchTarball { url = "http://127.0.0.1:1/x.tar.gz"; sha256 = "${zeros}"; }`,
    /NIXERY_ALLOWED_URIS does not allow/,
  ],
  [
    'a host whose name begins as an allowed one',
    (url) => `fetchTarball { url = "${url}.example.org/x.tar.gz"; sha256 = "${zeros}"; }`,
    /NIXERY_ALLOWED_URIS does not allow/,
  ],
  [
    'a file that is not there',
    (url) => `fetchTarball { url = "${url}/none.tar.gz"; sha256 = "${zeros}"; }`,
    /answered 404/,
  ],
  [
    'what is no tarball',
    (url) => `fetchTarball { url = "${url}/name.txt"; sha256 = "${zeros}"; }`,
    /no sound tarball/,
  ],
  [
    'more and more',
    (url) =>
      `toString (builtins.genList (i: builtins.readFile (builtins.fetchurl { name = "n\${toString i}"; url = "${url}/name.txt"; sha256 = FILE; })) 40)`,
    /more than 32 addresses/,
  ],
  ['a repository', (url) => `(fetchGit "${url}/x.git").outPath`, /NIXERY_EVALUATION=store/],
  ['a file beside it', () => `builtins.readFile /etc/hostname`, /NIXERY_ALLOWED_PATHS/],
  ['the search path', () => `import <nixpkgs> { }`, /NIX_PATH/],
  [
    'what has to be built',
    () => `builtins.readFile (derivation { name = "a"; system = "x86_64-linux"; builder = "/bin/sh"; })`,
    /NIXERY_EVALUATION=store/,
  ],
]

test('what a set may not fetch or read is an error that says what would allow it', async (t) => {
  const { url, file } = await serveInputs(t)
  const { evaluate, write } = await createEvaluator(t, url)
  const attributes = refusals.map(
    ([, expression], index) =>
      `a${index} = derivation { name = ${expression(url).replace('FILE', `"${file}"`)}; };`,
  )
  await write('default.nix', `{ system, ... }: { ${attributes.join('\n')} }`)
  for (const [index, [what, , says]] of refusals.entries()) {
    await t.test(what, () => assert.rejects(evaluate(`a${index}`), says))
  }
})

test('ATTACK: a commit of anybody makes the server fetch nothing, also if a trusted one may', async (t) => {
  const { url, tree, requests } = await serveInputs(t)
  const { evaluate, write } = await createEvaluator(t, url)
  const fetched = `fetchTarball { url = "${url}/library.tar.gz"; sha256 = "${tree}"; }`
  await write('default.nix', `{ system, ... }: { a = import (${fetched}) { name = "a"; }; }`)
  await assert.rejects(evaluate('a', false), /on no branch or tag/)
  assert.deepEqual(requests, [])
  assert.equal((await evaluate('a')).length, 1)
  await assert.rejects(evaluate('a', false), /on no branch or tag/)
})

test('what a commit of anybody says is quoted', async (t) => {
  const { evaluate, write } = await createEvaluator(t, 'http://127.0.0.1:1')
  await write('default.nix', '{ system, ... }: { a = throw "your server is broken\u001b[31m, call us"; }')
  const says = 'the package set of this commit says: "your server is broken, call us"'
  await assert.rejects(evaluate('a', false), { message: says })
})

test('NIX_PATH and allowed paths are for trusted revisions', async (t) => {
  const { folder, url } = await serveInputs(t)
  for (const evaluators of [0, 1]) {
    const alsoReadable = [`library=${folder}/library-1`, join(folder, 'name.txt')]
    const { evaluate, write } = await createEvaluator(t, url, { alsoReadable, evaluators })
    const text = `builtins.readFile ${folder}/name.txt`
    await write('default.nix', `{ system, ... }: { a = import <library> { name = ${text}; }; }`)
    await assert.rejects(evaluate('a', false), /on no branch or tag/)
    assert.deepEqual(
      (await evaluate('a')).map(({ name }) => name),
      ['of-a-file'],
    )
    await assert.rejects(evaluate('a', false), /on no branch or tag/)
  }
})

test('trusted revisions are evaluated with the store if the operator says so, alsoReadable are not', async (t) => {
  const { url } = await serveInputs(t)
  const { evaluate, write, nix, queryOf, run } = await createEvaluator(t, url, { evaluatesInStore: true })
  const built = `derivation { name = "built-${Date.now()}"; inherit system; builder = "/bin/sh"; args = [ "-c" "echo -n of-a-builder > $out" ]; }`
  const body = `{ system, ... }: { a = derivation { name = builtins.readFile (${built}); inherit system; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; }; }`
  await write('default.nix', body)
  await assert.rejects(evaluate('a', false), /on no branch or tag/)
  assert.deepEqual(
    (await evaluate('a')).map(({ name }) => name),
    ['of-a-builder'],
  )
  const root = await nix.realise(await nix.instantiate(queryOf(['a'], true), run), run)
  await root.release()
})

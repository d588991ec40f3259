import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createAskedNix, nixVersions, testEnvironment, writeSet } from './testing.ts'

const secret = 'the-secret-of-the-server'

/** Where a hostile package set lies, and what it must not reach. */
interface Victim {
  readonly folder: string
  readonly set: string
  /** Address of a web server, without a closing slash. */
  readonly url: string
  readonly requests: string[]
  /** A path of the local store with the secret. */
  readonly storePath: string
  /** Exists as soon as a builder ran. */
  readonly evidence: string
}

/**
 * Each expression is a text that the package set throws, or has as a version, so that whoever asks reads it
 * in the answer.
 */
const thefts: readonly (readonly [what: string, expression: (victim: Victim) => string])[] = [
  ['a variable of the environment', () => 'builtins.getEnv "NIXERY_TEST_SECRET"'],
  ['a file', ({ folder }) => `builtins.readFile ${folder}/secret`],
  ['a file, by a text', ({ folder }) => `builtins.readFile "${folder}/secret"`],
  ['a file above the set', () => 'builtins.readFile ./../secret'],
  ['a file above the set, by a text', () => 'builtins.readFile "${toString ./.}/../secret"'],
  ['a file, by a link in the set', () => 'builtins.readFile ./link'],
  ['a file, by a linked folder in the set', () => 'builtins.readFile ./linked/secret'],
  ['a file, by a linked folder and its parent', () => 'builtins.readFile (./linked/sub + "/../secret")'],
  ['a file that is copied', ({ folder }) => `builtins.readFile "\${${folder}/secret}"`],
  ['a file that is copied by a link', () => 'builtins.readFile "${./link}"'],
  [
    'a file that is copied with a name',
    ({ folder }) => `builtins.readFile (builtins.path { path = ${folder}/secret; })`,
  ],
  [
    'a filtered folder',
    ({ folder }) => `builtins.readFile "\${builtins.filterSource (a: b: true) ${folder}}/secret"`,
  ],
  ['a Nix file', ({ folder }) => `import ${folder}/secret.nix`],
  ['a Nix file, with a scope', ({ folder }) => `builtins.scopedImport { } ${folder}/secret.nix`],
  [
    'a file that is found',
    ({ folder }) => `builtins.readFile (builtins.findFile [ { prefix = ""; path = "${folder}"; } ] "secret")`,
  ],
  ['a file of the search path', () => 'builtins.readFile <nixery-test-secret/secret>'],
  [
    'the hash of a file',
    ({ folder }) =>
      `if builtins.hashFile "md5" ${folder}/secret == "${hashOfSecret}" then "${secret}" else ""`,
  ],
  [
    'whether a file is there',
    ({ folder }) => `if builtins.pathExists ${folder}/secret then "${secret}" else ""`,
  ],
  [
    'the names in a folder',
    ({ folder }) => `toString (builtins.attrNames (builtins.readDir ${folder}/hidden))`,
  ],
  [
    'a file, by an address',
    ({ folder }) => `builtins.readFile (builtins.fetchurl "file://${folder}/secret")`,
  ],
  ['a page', ({ url }) => `builtins.readFile (builtins.fetchurl "${url}/page")`],
  [
    'a page, with its hash',
    ({ url }) =>
      `builtins.readFile (builtins.fetchurl { url = "${url}/page"; sha256 = "${'0'.repeat(52)}"; })`,
  ],
  ['a tarball', ({ url }) => `builtins.readFile "\${fetchTarball "${url}/x.tar.gz"}/x"`],
  ['a repository', ({ url }) => `builtins.readFile "\${builtins.fetchGit "${url}/x.git"}/x"`],
  [
    'a repository of this machine',
    ({ folder }) => `builtins.readFile "\${builtins.fetchGit ${folder}/repository}/secret"`,
  ],
  [
    'a tree',
    ({ folder }) =>
      `builtins.readFile "\${builtins.fetchTree { type = "path"; path = "${folder}"; }}/secret"`,
  ],
  ['a flake', ({ folder }) => `(builtins.getFlake "path:${folder}").x`],
  ['a path of the store', ({ storePath }) => `builtins.readFile ${storePath}`],
  [
    'a path of the store, by its name',
    ({ storePath }) => `builtins.readFile (builtins.storePath "${storePath}")`,
  ],
  [
    'what is built',
    ({ evidence }) =>
      `builtins.readFile (derivation { name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo > ${evidence}; echo ${secret} > $out" ]; })`,
  ],
  ['what a program prints', () => `builtins.exec [ "echo" "\\"${secret}\\"" ]`],
  ['a way to load libraries', () => `if builtins ? importNative then "${secret}" else ""`],
]

const hashOfSecret = execFileSync('md5sum', { input: secret, encoding: 'utf8' }).slice(0, 32)

let victim: Victim
let close: () => Promise<void>

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  const set = join(folder, 'set')
  for (const path of [set, join(folder, 'hidden'), join(folder, 'sub'), join(folder, 'repository')])
    await mkdir(path)
  await chmod(folder, 0o755)
  await writeFile(join(folder, 'secret'), secret)
  await writeFile(join(folder, 'secret.nix'), `"${secret}"`)
  await writeFile(join(folder, 'flake.nix'), `{ outputs = inputs: { x = "${secret}"; }; }`)
  await writeFile(join(folder, 'hidden', secret), '')
  await writeFile(join(folder, 'repository/secret'), secret)
  await symlink(join(folder, 'secret'), join(set, 'link'))
  await symlink(folder, join(set, 'linked'))
  const git = (...args: readonly string[]) =>
    execFileSync('git', [
      '-C',
      join(folder, 'repository'),
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      ...args,
    ])
  git('init', '--quiet')
  git('add', '--all')
  git('commit', '--quiet', '--message=x')
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    response.end(secret)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const added = execFileSync('nix-store', ['--add', join(folder, 'secret')], {
    encoding: 'utf8',
    env: { ...process.env, ...testEnvironment },
  })
  victim = {
    folder,
    set,
    url: `http://127.0.0.1:${port}`,
    requests,
    storePath: added.trim(),
    evidence: join(folder, 'hidden/evidence'),
  }
  await chmod(join(folder, 'hidden'), 0o777)
  // What a careless operator's environment and settings would allow.
  process.env['NIXERY_TEST_SECRET'] = secret
  process.env['NIX_PATH'] = `nixery-test-secret=${folder}`
  process.env['NIX_CONFIG'] = [
    'restrict-eval = false',
    'allow-import-from-derivation = true',
    'allow-unsafe-native-code-during-evaluation = true',
    'experimental-features = nix-command flakes',
    testEnvironment.NIX_CONFIG,
  ].join('\n')
  const loot = thefts.map(([, expression]) => expression(victim))
  const attributes = loot.flatMap((expression, index) => [
    `thrown${index} = throw "<<\${${expression}}>>";`,
    `version${index} = package // { version = ${expression}; };`,
  ])
  const text = `{ system, ... }:
    let package = derivation { name = "a"; inherit system; builder = "/bin/sh"; }; in {
      thrownFine = throw "<<fine>>";
      versionFine = package // { version = "fine"; };
      ${attributes.join('\n')}
    }`
  await writeFile(join(set, 'default.nix'), text)
  close = async () => {
    server.close()
    server.closeAllConnections()
    await rm(folder, { recursive: true, force: true })
  }
})
after(() => close())

const forms = [
  ['by a process of its own', 0, 'thrown'],
  ['by a warm evaluator', 1, 'version'],
] as const

for (const { version, env } of nixVersions) {
  for (const [how, evaluators, form] of forms) {
    test(`a hostile package set that is evaluated ${how} gets nothing of the machine, Nix ${version}`, async (t) => {
      const { ask } = await createAskedNix(t, victim.set, { evaluators, env })
      assert.match(await ask(`${form}Fine`), form === 'thrown' ? /<<fine>>/ : /"version":"fine"/)
      for (const [index, [what]] of thefts.entries()) {
        await t.test(`not ${what}`, async () => {
          const answer = await ask(`${form}${index}`)
          assert.ok(!answer.includes(secret), answer)
          assert.deepEqual(victim.requests.splice(0), [])
          assert.ok(!existsSync(victim.evidence), 'a builder ran')
        })
      }
    })
  }
}

for (const isolation of ['namespaces', 'landlock'] as const) {
  // Newer versions of Nix let a set read the names in all folders above it.
  test(`a hostile package set behind ${isolation} learns no names of other files`, async (t) => {
    const body = '{ system, ... }: { a = throw (toString (builtins.attrNames (builtins.readDir ./..))); }'
    const set = await writeSet(victim.folder, body)
    const { nix, ask } = await createAskedNix(t, set, { evaluators: 0, isolation })
    const walls = await nix.walls()
    if (walls.some(({ name, stands }) => name === isolation && !stands))
      return t.skip('it does not stand here')
    assert.doesNotMatch(await ask('a'), /hidden|secret/)
  })
}

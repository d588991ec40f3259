import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchError, fetchManifest } from './support/registry.ts'
import { startServer, type TestServer } from './support/server.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-sets-'))
})
after(() => rm(folder, { recursive: true }))

/** Builders that need neither a sandbox nor users of their own. */
const settings = 'sandbox = false\nbuild-users-group =\nsubstitute = false'

async function serve(body: string): Promise<{ readonly server: TestServer; readonly file: string }> {
  const set = join(folder, randomUUID())
  await mkdir(set)
  const file = join(set, 'default.nix')
  await writeFile(file, body)
  return { server: await startServer({ NIXERY_PKGS_PATH: set, NIX_CONFIG: settings }), file }
}

const readiness = async ({ address }: TestServer) => {
  const response = await fetch(`${address}/readyz`)
  return { status: response.status, text: await response.text() }
}

describe('a package set with two packages, and neither certificates nor names of ports', () => {
  let server: TestServer
  before(async () => {
    const make = `name: derivation {
      inherit name system;
      builder = "/bin/sh";
      args = [ "-c" "echo ${randomUUID()} > $out" ];
    }`
    const body = `{ system, ... }: let make = ${make}; in { one = make "one"; two = make "two"; }`
    server = (await serve(body)).server
  })
  after(() => server.stop())

  it('serves images of what it has, known combinations too', async () => {
    for (const name of ['one', 'two', 'one/two', 'one/cacert']) {
      const { manifest } = await fetchManifest(server.address, name)
      assert.ok(manifest.layers.length > 0, name)
    }
  })

  it('still refuses what it lacks', async () => {
    const get = (name: string) => fetchError(`${server.address}/v2/${name}/manifests/latest`)
    assert.match((await get('one/three')).message, /^package 'three' is not in the package set$/)
    const { status, message } = await get('cacert')
    assert.equal(status, 404)
    assert.match(message, /'cacert' is not in the package set/)
  })
})

describe('a package set that cannot be evaluated', () => {
  it('is an error for operators, and served as soon as it is mended', async () => {
    const { server, file } = await serve('{ system, ... }: { one =')
    try {
      const { status, code, message } = await fetchError(`${server.address}/v2/one/manifests/latest`)
      assert.deepEqual([status, code], [503, 'UNAVAILABLE'])
      assert.match(message, /the package set cannot be evaluated: .*unexpected end of file/)
      const ready = await readiness(server)
      assert.equal(ready.status, 503)
      assert.match(ready.text, /unexpected end of file/)
      await writeFile(file, '{ system, ... }: { }')
      const end = performance.now() + 60_000
      const statusNow = async () => (await fetchError(`${server.address}/v2/one/manifests/latest`)).status
      while ((await statusNow()) === 503 && performance.now() < end) await sleep(200)
      assert.equal(await statusNow(), 404)
    } finally {
      await server.stop()
    }
  })

  it('says which Nix it needs', async () => {
    const { server } = await serve('abort "This version of Nixpkgs requires Nix >= 99.18, please upgrade:"')
    try {
      const { status, message } = await fetchError(`${server.address}/v2/one/manifests/latest`)
      assert.equal(status, 503)
      assert.match(message, /needs a newer Nix than this machine has: it requires Nix >= 99\.18/)
    } finally {
      await server.stop()
    }
  })
})

describe('a commit that is on no branch or tag', () => {
  it('is evaluated, but nothing is built for it', async () => {
    const repository = join(folder, randomUUID())
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-C', repository, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        encoding: 'utf8',
      }).trim()
    const commit = async (extra: string) => {
      const make = `name: derivation { inherit name system; builder = "/bin/sh"; args = [ "-c" "echo ${run} > $out" ]; }`
      const body = `{ system, ... }: let make = ${make}; in { one = make "one"; ${extra} }`
      await writeFile(join(repository, 'default.nix'), body)
      git('add', '--all')
      git('commit', '--quiet', '--message=a change')
      return git('rev-parse', 'HEAD')
    }
    const run = randomUUID()
    await mkdir(repository)
    git('init', '--quiet', '--initial-branch=main')
    git('config', 'uploadpack.allowAnySHA1InWant', 'true')
    await commit('')
    git('checkout', '--quiet', '--detach')
    const stray = await commit('two = make "two";')
    git('checkout', '--quiet', 'main')
    const variables = { NIXERY_PKGS_PATH: '', NIXERY_PKGS_REPO: repository, NIX_CONFIG: settings }
    const server = await startServer(variables)
    try {
      const { status, message } = await fetchError(`${server.address}/v2/two/manifests/${stray}`)
      assert.equal(status, 403)
      assert.match(message, /^two is not in the binary caches, and [0-9a-f]+ is on no branch or tag/)
      await fetchManifest(server.address, 'one')
      // The same package is the same whoever asks for it.
      await fetchManifest(server.address, 'one', stray)
    } finally {
      await server.stop()
    }
  })
})

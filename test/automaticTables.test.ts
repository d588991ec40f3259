import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { z } from 'zod'
import { run } from './support/clients.ts'
import { saltedSet, startServer, type TestServer } from './support/server.ts'
import { demoSet, serverVariables } from './support/variables.ts'

const program = join(import.meta.dirname, '../bin/nixery.js')
const manifestSchema = z.object({ layers: z.array(z.object({ digest: z.string(), size: z.number() })) })
const automatic = { NIXERY_LAYER_TABLES: 'auto' }

const ends = new WeakMap<TestContext, AsyncDisposableStack>()

/** Ends things after a test, the last one first. */
function after(t: TestContext, end: () => Promise<void>): void {
  const stack = ends.get(t) ?? new AsyncDisposableStack()
  if (!ends.has(t)) t.after(() => stack.disposeAsync())
  ends.set(t, stack)
  stack.defer(end)
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-automatic-'))
  after(t, () => rm(folder, { recursive: true, force: true }))
  return folder
}

async function serve(t: TestContext, variables: Readonly<Record<string, string>>): Promise<TestServer> {
  const server = await startServer({ ...automatic, ...variables })
  after(t, () => server.stop())
  return server
}

async function pull({ address }: Pick<TestServer, 'address'>, name: string, reference = 'latest') {
  const accept = 'application/vnd.oci.image.manifest.v1+json'
  const response = await fetch(`${address}/v2/${name}/manifests/${reference}`, { headers: { accept } })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  const digest = response.headers.get('docker-content-digest') ?? ''
  return { digest, layers: manifestSchema.parse(JSON.parse(text)).layers }
}

const recordsIn = async (storage: string, folder: string): Promise<readonly string[]> =>
  readdir(join(storage, 'popularity', folder)).catch(() => [])

/** Waits until there is a record. */
async function recorded(storage: string, folder: string, seconds = 150): Promise<readonly string[]> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(50)) {
    const names = await recordsIn(storage, folder)
    if (names.length > 0) return names
  }
  throw new Error(`nothing in popularity/${folder} after ${seconds} s`)
}

/** Builds the packages, so that a look at the whole set finds something. */
async function layerTable(storage: string, set = demoSet) {
  const variables = { ...serverVariables(storage), STORAGE_PATH: storage, NIXERY_PKGS_PATH: set }
  const made = await run(process.execPath, [program, 'layer-table', '--set'], variables)
  assert.equal(made.code, 0, made.stderr)
}

describe('layer tables without manual work', () => {
  it('a set that is small has its table soon, and its images have the layers of a table made by hand', async (t) => {
    const [storage, byHand] = [await temporaryFolder(t), await temporaryFolder(t)]
    await layerTable(byHand)
    const tuned = await pull(
      await serve(t, { STORAGE_PATH: byHand, NIXERY_LAYER_TABLES: 'manual' }),
      'shell/git',
    )
    const server = await serve(t, { STORAGE_PATH: storage })
    await recorded(storage, 'pins')
    assert.deepEqual(await pull(server, 'shell/git'), tuned)
    assert.equal((await recordsIn(storage, 'offers')).length, 1)
  })

  it('what the table does is in the metrics, and plan says it', async (t) => {
    const storage = await temporaryFolder(t)
    const server = await serve(t, { STORAGE_PATH: storage })
    await recorded(storage, 'pins')
    for (const name of ['git', 'shell/git', 'shell/htop']) await pull(server, name)
    const variables = { ...serverVariables(storage), STORAGE_PATH: storage }
    const plan = await run(process.execPath, [program, 'plan', 'git'], variables)
    assert.match(plan.stdout, /The layer table was made \d+ (s|min) ago, of path \(.*\)\.\nIt knows 100 %/)
    assert.match(plan.stdout, /These are 3 images, with [\d.]+ MiB in different layers\./)
    const metric = async (name: string) => {
      const page = await (await fetch(`${server.address}/metrics`)).text()
      return Number(new RegExp(`^nixery_layer_table_${name} (\\S+)$`, 'm').exec(page)?.[1])
    }
    const end = performance.now() + 120_000
    while ((await metric('images')) === 0 && performance.now() < end) await sleep(200)
    assert.equal(await metric('images'), 3)
    assert.equal(await metric('known_ratio'), 1)
    assert.ok((await metric('bytes')) > 10e6)
    assert.ok(Date.now() / 1000 - (await metric('made_timestamp_seconds')) < 600)
  })

  it('two servers that start on one storage agree', async (t) => {
    const storage = await temporaryFolder(t)
    const servers = await Promise.all([1, 2].map(() => serve(t, { STORAGE_PATH: storage })))
    await recorded(storage, 'pins')
    // A choice that was made before that is read again after five seconds.
    await sleep(6_000)
    const images = await Promise.all(servers.map((server) => pull(server, 'shell/htop')))
    assert.deepEqual(images[0], images[1])
    assert.equal((await recordsIn(storage, 'pins')).length, 1)
    assert.equal((await recordsIn(storage, 'tables')).length, 1)
  })

  it('a set that cannot be listed is served without a table, and says so once', async (t) => {
    const folder = await temporaryFolder(t)
    const set = await wrappedSet(folder, '{ inherit (set) hello; ${throw "no names"} = 1; }')
    const storage = join(folder, 'storage')
    const server = await startProgram(t, { STORAGE_PATH: storage, NIXERY_PKGS_PATH: set })
    const response = await fetch(`${server.address}/v2/hello/manifests/latest`)
    // Nix evaluates the names of a set before anything in it: this set has no images at all.
    assert.notEqual(response.status, 500)
    await server.logged(/no layer table was made of the package set/)
    assert.deepEqual(await recordsIn(storage, 'tables'), [])
  })

  it('an image waits no longer than a second for a look that takes longer, and gets its table afterwards', async (t) => {
    const folder = await temporaryFolder(t)
    const set = await slowSet(folder, 12)
    const storage = join(folder, 'storage')
    const server = await serve(t, { STORAGE_PATH: storage, NIXERY_PKGS_PATH: set })
    const start = performance.now()
    const first = await pull(server, 'shell/git')
    const waited = performance.now() - start
    assert.equal((await recordsIn(storage, 'provisional')).length, 1)
    assert.deepEqual(await recordsIn(storage, 'pins'), [])
    t.diagnostic(`the first image took ${Math.round(waited)} ms`)

    await recorded(storage, 'offers')
    await sleep(6_000)
    const second = await pull(server, 'shell/git')
    assert.notEqual(second.digest, first.digest)
    assert.equal((await recordsIn(storage, 'pins')).length, 1)
    // What was handed out before can still be pulled.
    assert.deepEqual(await pull(server, 'shell/git', first.digest), first)
    for (const { digest, size } of first.layers) {
      const blob = await fetch(`${server.address}/v2/shell/git/blobs/${digest}`)
      assert.equal((await blob.arrayBuffer()).byteLength, size)
    }
  })

  it('a set that changes while it is looked at gets no table of the old contents under the new name', async (t) => {
    const folder = await temporaryFolder(t)
    const set = await slowSet(folder, 6)
    const storage = join(folder, 'storage')
    const server = await startProgram(t, { STORAGE_PATH: storage, NIXERY_PKGS_PATH: set })
    await pull(server, 'hello')
    await writeFile(join(set, 'salt'), 'changed')
    await server.logged(/no layer table was made of the package set/)
    assert.deepEqual(await recordsIn(storage, 'tables'), [])
    // The set as it is now gets its own.
    await pull(server, 'hello')
    await recorded(storage, 'tables')
    await server.logged(/a layer table was made/)
  })

  it('a server that is killed while it makes a table leaves no half of one: the next one makes it', async (t) => {
    const folder = await temporaryFolder(t)
    const set = await slowSet(folder, 6)
    const storage = join(folder, 'storage')
    const variables = { STORAGE_PATH: storage, NIXERY_PKGS_PATH: set }
    const killed = await startProgram(t, variables)
    const first = await pull(killed, 'hello')
    killed.child.kill('SIGKILL')
    await once(killed.child, 'close')
    assert.deepEqual(await recordsIn(storage, 'tables'), [])
    const server = await startProgram(t, variables)
    assert.deepEqual(await pull(server, 'hello', first.digest), first)
    await recorded(storage, 'tables')
    await server.logged(/a layer table was made/)
  })

  it('a second revision whose packages the table knows keeps the table, and clients their layers', async (t) => {
    const folder = await temporaryFolder(t)
    const set = await saltedSet(folder)
    const storage = join(folder, 'storage')
    const server = await serve(t, { STORAGE_PATH: storage, NIXERY_PKGS_PATH: set })
    await recorded(storage, 'pins')
    const before = await pull(server, 'shell/git')
    await writeFile(join(set, 'salt'), 'another revision')
    let after = before
    // The server sees the change within seconds.
    for (let second = 0; second < 30 && after.digest === before.digest; second += 1) {
      await sleep(1_000)
      after = await pull(server, 'shell/git')
    }
    assert.notEqual(after.digest, before.digest)
    assert.deepEqual(after.layers, before.layers)
    assert.equal((await recordsIn(storage, 'pins')).length, 2)
    assert.equal((await recordsIn(storage, 'tables')).length, 1)
  })
})

/** The demo set, of which an expression makes another set. */
async function wrappedSet(folder: string, expression: string): Promise<string> {
  const set = join(folder, 'set')
  await cp(demoSet, set, { recursive: true })
  await rename(join(set, 'default.nix'), join(set, 'demo.nix'))
  await writeFile(join(set, 'default.nix'), `args: let set = import ./demo.nix args; in ${expression}`)
  return set
}

/** The demo set, which takes so many seconds to be looked at whole. Single packages are quick. */
async function slowSet(folder: string, seconds: number): Promise<string> {
  const slow = `let sum = builtins.foldl' builtins.add 0; numbers = builtins.genList (i: i); in sum (map (i: sum (numbers (1000 + i))) (numbers ${seconds * 1000}))`
  return wrappedSet(folder, `{ zz_slow = builtins.seq (${slow}) set.hello; } // set`)
}

interface Program {
  readonly child: ChildProcess
  readonly address: string
  /** Waits for a line of the log. */
  logged(line: RegExp): Promise<void>
}

/** A server of its own, which can be killed. */
async function startProgram(t: TestContext, variables: Readonly<Record<string, string>>): Promise<Program> {
  const folder = await temporaryFolder(t)
  const child = spawn(process.execPath, [program, 'serve'], {
    env: { ...process.env, ...serverVariables(folder), ...automatic, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  after(t, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    await closed
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line))
  }
  const logged = async (wanted: RegExp) => {
    for (const end = performance.now() + 60_000; performance.now() < end; await sleep(50)) {
      const found = lines.find((line) => wanted.test(line))
      if (found !== undefined) return found
    }
    throw new Error(`the server did not log ${wanted}:\n${lines.join('\n')}`)
  }
  const listening = await logged(/listening on http/)
  const address = /http:\/\/[\d.]+:\d+/.exec(listening)?.[0] ?? ''
  return { child, address, logged: async (line) => void (await logged(line)) }
}

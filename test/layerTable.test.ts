import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { decodeLayerTable, encodeLayerTable, forestFor, type LayerTable } from '../src/layers/layerTable.ts'
import { run } from './support/clients.ts'
import { saltedSet, startServer } from './support/server.ts'
import { demoSet } from './support/variables.ts'

const program = join(import.meta.dirname, '../bin/nixery.js')
const count = 150
const manifestSchema = z.object({ layers: z.array(z.object({ digest: z.string() })) })

/** Files in the store that refer to each other: what a cache's paths are, without a build. */
const expression = `
  let
    inherit (builtins) elemAt filter genList map toFile;
    make = i: toFile "unit\${toString i}-1.0"
      (toString ([ i ] ++ map (elemAt all) (filter (j: j < ${count}) [ (i * 2 + 1) (i * 2 + 2) (i + 7) ])));
    all = genList make ${count};
  in map (path: "\${path}") all
`

let folder: string
let cache: string
let paths: readonly string[]

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-layer-table-'))
  cache = join(folder, 'cache')
  const evaluated = execFileSync(
    'nix-instantiate',
    ['--eval', '--strict', '--json', '--read-write-mode', '-E', expression],
    { encoding: 'utf8' },
  )
  paths = JSON.parse(evaluated)
  const nix = ['--extra-experimental-features', 'nix-command']
  execFileSync('nix', [...nix, 'copy', '--to', `file://${cache}?compression=none`, ...paths], {
    stdio: 'pipe',
  })
})
after(() => rm(folder, { recursive: true, force: true }))

function layerTable(...args: readonly string[]) {
  const env = { NIXERY_PKGS_PATH: demoSet, NIXERY_STATE_DIR: folder, STORAGE_PATH: join(folder, 'storage') }
  return run(process.execPath, [program, 'layer-table', ...args], env)
}

async function readTable(file: string): Promise<LayerTable> {
  return decodeLayerTable(JSON.parse(await readFile(file, 'utf8')), file)
}

/** The cache's folder on the web, slowly. */
async function serveCache() {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1)
    if (name.endsWith('.narinfo')) asked.push(name)
    const answer = async () => {
      await sleep(5)
      const bytes = await readFile(join(cache, name)).catch(() => undefined)
      response.writeHead(bytes ? 200 : 404).end(bytes)
    }
    answer().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    address: `http://127.0.0.1:${address.port}`,
    asked,
    async reached(requests: number) {
      while (asked.length < requests) await once(server, 'request')
    },
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('layer-table', () => {
  it('makes the table and the counts of a binary cache in a folder', async () => {
    const [table, counts] = [join(folder, 'table.json'), join(folder, 'counts.json')]
    const files = ['--output', table, '--counts', counts]
    const { code, stdout, stderr } = await layerTable(
      '--cache',
      cache,
      ...files,
      '--state',
      join(folder, 'first'),
    )
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^150 paths of/)
    const { sharing, popularity: counted } = await readTable(table)
    assert.equal(sharing.needed.get('unit0'), 1)
    assert.equal(sharing.needed.size, count)
    assert.equal(sharing.forests[2]?.get('unit1'), 'unit0')
    const text: unknown = JSON.parse(await readFile(counts, 'utf8'))
    assert.deepEqual(text, Object.fromEntries(counted))
    assert.equal(counted.get('unit9-1.0'), 2)
  })

  it('goes on where it was killed, and comes to the same table', async (t) => {
    const server = await serveCache()
    t.after(() => server.stop())
    const list = join(folder, 'store-paths.xz')
    // References lead to all the others.
    await writeFile(list, execFileSync('xz', ['--stdout'], { input: `${paths.slice(0, 20).join('\n')}\n` }))
    const output = join(folder, 'resumed.json')
    const args = [
      '--cache',
      server.address,
      '--paths',
      list,
      '--output',
      output,
      '--state',
      join(folder, 'second'),
    ]
    const parallel = 4
    const all = [...args, '--parallel', String(parallel)]
    const child = spawn(process.execPath, [program, 'layer-table', ...all], { stdio: 'ignore' })
    await server.reached(60)
    const killed = once(child, 'exit')
    child.kill('SIGKILL')
    assert.equal((await killed)[1], 'SIGKILL')
    await assert.rejects(readFile(output), /ENOENT/)

    const before = server.asked.length
    const { code, stdout, stderr } = await layerTable(...all)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^150 paths of/)
    assert.equal(new Set(server.asked).size, count)
    // What was under way when it was killed, and what was not written yet, is asked for again: far from all
    // of it.
    assert.ok(
      server.asked.length - count <= 4 * parallel,
      `${server.asked.length - count} were asked for twice`,
    )
    assert.ok(before >= 60)
    const { identity } = await readTable(join(folder, 'table.json'))
    assert.equal((await readTable(output)).identity, identity)
  })

  it('makes it out of the package set', async () => {
    const output = join(folder, 'set.json')
    const { code, stdout, stderr } = await layerTable('--set', '--output', output)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /0 could not be/)
    const table = await readTable(output)
    assert.ok((table.sharing.needed.get('glibc') ?? 0) > 10)
    assert.ok(forestFor(table, 94).size > 0)
  })

  it('makes it out of what a server has built, into its storage: this revision and the next ones use it', async () => {
    const storage = join(folder, 'storage')
    const layersOf = async (variables: Readonly<Record<string, string>> = {}) => {
      const server = await startServer({ STORAGE_PATH: storage, ...variables })
      try {
        const response = await fetch(`${server.address}/v2/hello/manifests/latest`)
        assert.equal(response.status, 200, await response.clone().text())
        return manifestSchema.parse(await response.json()).layers.map(({ digest }) => digest)
      } finally {
        await server.stop()
      }
    }
    const first = await layersOf()
    const made = await layerTable('--records')
    assert.equal(made.code, 0, made.stderr)
    assert.match(made.stdout, /written to the storage/)
    // hello alone needs glibc, as far as this server knows.
    const second = await layersOf()
    assert.equal(second.length, first.length - 1)
    const next = await layersOf({ NIXERY_PKGS_PATH: await saltedSet(folder) })
    assert.equal(next.length, first.length - 1)
    // The next table is for revisions that have none.
    assert.equal((await layerTable('--set')).code, 0)
    assert.deepEqual(await layersOf(), second)
  })

  it('is still found under its old name, which the help does not show', async () => {
    const old = await run(process.execPath, [program, 'popularity', '--set', '--records'], {})
    assert.equal(old.code, 2)
    assert.match(old.stderr, /layer-table takes one of/)
    const help = await run(process.execPath, [program, 'help'], {})
    assert.match(help.stdout, /layer-table/)
    assert.doesNotMatch(help.stdout, /\n {2}popularity/)
  })

  it('says what is wrong with what it was asked', async () => {
    for (const args of [[], ['--set', '--records'], ['--paths', 'x'], ['--cache', 'x', '--parallel', '0']]) {
      assert.equal((await layerTable(...args)).code, 2, args.join(' '))
    }
    const nowhere = await layerTable('--cache', join(folder, 'nowhere'), '--output', join(folder, 'x'))
    assert.equal(nowhere.code, 1)
    assert.match(nowhere.stderr, /the binary cache .*nowhere cannot be read\n$/)
    assert.match(
      (await layerTable('--cache', 'http://127.0.0.1:1')).stderr,
      /a list of store paths is needed/,
    )
  })
})

it('a table that is written is one that is read', async () => {
  const table = await readTable(join(folder, 'table.json'))
  assert.deepEqual(decodeLayerTable(JSON.parse(JSON.stringify(encodeLayerTable(table))), 'here'), table)
})

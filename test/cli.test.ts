import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { run } from './support/clients.ts'
import { demoSet } from './support/variables.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-cli-'))
})
after(() => rm(folder, { recursive: true }))

const noSource = { NIXERY_CHANNEL: '', NIXERY_PKGS_REPO: '', NIXERY_PKGS_PATH: '' }

function nixery(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const program = join(import.meta.dirname, '../bin/nixery.js')
  return run(process.execPath, [program, ...args], {
    ...noSource,
    NIXERY_STATE_DIR: folder,
    STORAGE_PATH: folder,
    ...env,
  })
}

const planSchema = z.array(
  z.object({ contents: z.array(z.string()), size: z.number(), mergeRating: z.number() }),
)

describe('the command line', () => {
  it('serves nothing without a source, and names the choices', async () => {
    const { code, stderr } = await nixery(['serve'])
    assert.equal(code, 1)
    for (const choice of Object.keys(noSource)) assert.match(stderr, new RegExp(choice))
    assert.doesNotMatch(stderr, /at .*\.ts:/)
  })

  it('tells every fault of the configuration at once', async () => {
    const { code, stderr } = await nixery(['serve'], { PORT: 'eighty', NIX_TIMEOUT: '-1' })
    assert.equal(code, 1)
    assert.match(stderr, /PORT/)
    assert.match(stderr, /NIX_TIMEOUT/)
  })

  it('says why it cannot listen', async () => {
    const { code, stderr } = await nixery(['serve'], {
      NIXERY_PKGS_PATH: demoSet,
      NIXERY_HOST: '192.0.2.1',
      NIXERY_LOG_LEVEL: 'silent',
    })
    assert.equal(code, 1)
    assert.equal(
      stderr,
      'cannot listen on 192.0.2.1:8080 (NIXERY_HOST, PORT): this machine does not have the address\n',
    )
  })

  it('explains itself where it is used wrongly', async () => {
    for (const args of [
      [],
      ['sreve'],
      ['plan'],
      ['plan', '--nonsense'],
      ['plan', '--graph', 'x', 'name'],
      ['plan', '--graph', 'x', '--strategy', 'y'],
    ]) {
      const { code, stderr } = await nixery(args)
      assert.equal(code, 2, args.join(' '))
      assert.match(stderr, /Usage: nixery/)
    }
  })

  it('plans an exported reference graph without a server, as JSON', async () => {
    const path = (name: string) => `/nix/store/${name.repeat(32).slice(0, 32)}-${name}`
    const node = (name: string, narSize: number, closureSize: number, ...references: string[]) => ({
      path: path(name),
      narSize,
      closureSize,
      references: references.map(path),
    })
    const graph = { graph: [node('a', 10, 60, 'b', 'c'), node('b', 20, 50, 'c'), node('c', 30, 30)] }
    await writeFile(join(folder, 'graph.json'), JSON.stringify(graph))
    await writeFile(join(folder, 'popularity.json'), JSON.stringify({ c: 200 }))
    const files = ['--graph', join(folder, 'graph.json'), '--popularity', join(folder, 'popularity.json')]
    const single = await nixery(['plan', ...files, '--strategy', 'single'])
    assert.deepEqual(planSchema.parse(JSON.parse(single.stdout)), [
      { contents: [path('a'), path('b'), path('c')], size: 60, mergeRating: 1 },
    ])
    const { code, stdout, stderr } = await nixery(['plan', ...files, '--budget', '10'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(planSchema.parse(JSON.parse(stdout)), [
      { contents: [path('c')], size: 30, mergeRating: 6000 },
      { contents: [path('a'), path('b')], size: 110, mergeRating: 110 },
    ])
  })

  it('explains the layers of an image as a table', async () => {
    const { code, stdout, stderr } = await nixery(['plan', 'hello'], { NIXERY_PKGS_PATH: demoSet })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^layer +rating +MB +paths +why +headed by\n/)
    assert.match(stdout, /-hello-2/)
  })

  it('says which package is missing, without a stack', async () => {
    const { code, stderr } = await nixery(['plan', 'helo'], { NIXERY_PKGS_PATH: demoSet })
    assert.equal(code, 1)
    assert.equal(stderr, "package 'helo' is not in the package set, did you mean hello?\n")
  })
})

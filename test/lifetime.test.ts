import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { run } from './support/clients.ts'
import { saltedSet } from './support/server.ts'
import { serverVariables } from './support/variables.ts'

const outcomeSchema = z.object({
  fault: z.string().optional(),
  held: z.array(z.string()).optional(),
  isOne: z.boolean().optional(),
  status: z.number().optional(),
  left: z.array(z.string()),
})

let folder: string
let file: string
let busy: Server
let port: number
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-lifetime-'))
  file = join(folder, 'no-folder')
  await writeFile(file, 'not JSON either')
  busy = createServer((_request, response) => response.writeHead(404).end())
  // It never closes a connection by itself.
  busy.keepAliveTimeout = 0
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
  const address = busy.address()
  assert.ok(typeof address === 'object' && address !== null)
  port = address.port
})
after(async () => {
  busy.closeAllConnections()
  busy.close()
  await rm(folder, { recursive: true, force: true })
})

/** A server in a process of its own, with all that has a lifetime. */
async function startAndClose(name: string, variables: Readonly<Record<string, string>>, ...args: string[]) {
  const own = join(folder, name)
  await mkdir(own)
  const program = join(import.meta.dirname, 'lifetime', 'program.ts')
  const { stdout, stderr } = await run(process.execPath, [program, ...args], {
    ...serverVariables(own),
    NIXERY_CACHE_PATH: join(own, 'copies'),
    NIXERY_GC_INTERVAL: '1h',
    NIXERY_STORE_GC: '99%',
    ...variables,
  })
  assert.equal(stderr, '')
  return outcomeSchema.parse(JSON.parse(stdout))
}

const kinds = (things: readonly string[] = []) => new Set(things.map((thing) => thing.split(' ')[0]))

describe('a start that fails leaves no thread, child, timer, socket or file open', () => {
  const nobody = 'http://127.0.0.1:1'
  const s3 = {
    NIXERY_STORAGE_BACKEND: 's3',
    S3_BUCKET: 'images',
    AWS_ACCESS_KEY_ID: 'nobody',
    AWS_SECRET_ACCESS_KEY: 'nothing',
  }
  const cases: Readonly<Record<string, readonly [() => Record<string, string>, RegExp]>> = {
    'the state folder is a file': [() => ({ NIXERY_STATE_DIR: file }), /EEXIST/],
    'the storage is a file': [() => ({ STORAGE_PATH: file }), /storage does not work/],
    'nothing listens where the bucket should be': [
      () => ({ ...s3, S3_ENDPOINT: nobody }),
      /nothing listens there/,
    ],
    'the bucket is not there': [() => ({ ...s3, S3_ENDPOINT: `http://127.0.0.1:${port}` }), /bucket images/],
    'the Google bucket cannot be reached': [
      () => ({ NIXERY_STORAGE_BACKEND: 'gcs', GCS_BUCKET: 'images', STORAGE_EMULATOR_HOST: nobody }),
      /bucket images/,
    ],
    'the folder for copies is a file': [() => ({ NIXERY_CACHE_PATH: file }), /storage does not work/],
    'the layer table is not there': [() => ({ NIXERY_LAYER_TABLE: `${file}.json` }), /ENOENT/],
    'the layer table is none': [() => ({ NIXERY_LAYER_TABLE: file }), /is not JSON/],
    'nothing listens where the layer table should be': [
      () => ({ NIXERY_LAYER_TABLE: `${nobody}/table` }),
      /ECONNREFUSED|bad port/,
    ],
    'the popularity counts are none': [
      () => ({ NIX_POPULARITY_URL: file }),
      /is not a JSON object of counts/,
    ],
    'the port is in use': [() => ({ PORT: `${port}` }), /another program has it/],
    'the address is of another machine': [() => ({ NIXERY_HOST: '192.0.2.1' }), /does not have the address/],
  }
  for (const [name, [variables, fault]] of Object.entries(cases)) {
    it(`when ${name}`, async () => {
      const outcome = await startAndClose(name, variables(), 'idle')
      assert.match(outcome.fault ?? '', fault)
      assert.deepEqual(outcome.left, [])
    })
  }

  it('when the package set is not there', async () => {
    const outcome = await startAndClose('set', { NIXERY_PKGS_PATH: `${file}.nix` }, 'idle')
    assert.match(outcome.fault ?? '', /no package set at/)
    assert.deepEqual(outcome.left, [])
  })

  it('when the folder for the roots of Nix is a file', async () => {
    const state = join(folder, 'state-with-roots')
    await mkdir(state)
    await writeFile(join(state, 'gcroots'), '')
    const outcome = await startAndClose('roots', { NIXERY_STATE_DIR: state }, 'idle')
    assert.match(outcome.fault ?? '', /garbage collector roots/)
    assert.deepEqual(outcome.left, [])
  })
})

describe('a server that is closed leaves nothing open', () => {
  it('when it has done nothing', async () => {
    const { fault, held, isOne, left } = await startAndClose('idle', {}, 'idle')
    assert.equal(fault, undefined)
    // The child is an evaluator that has the package set.
    assert.deepEqual(kinds(held), new Set(['file', 'thread', 'timer', 'child']))
    assert.ok(isOne)
    assert.deepEqual(left, [])
  })

  it('when it builds: the build is ended, and its client told', async () => {
    const variables = { NIXERY_PKGS_PATH: await saltedSet(folder), NIXERY_STOP_TIMEOUT: '0' }
    const { fault, held, isOne, status, left } = await startAndClose(
      'building',
      variables,
      'building',
      'demo-hangs',
    )
    assert.equal(fault, undefined)
    assert.ok(kinds(held).has('child'))
    assert.ok(isOne)
    assert.equal(status, 503)
    assert.deepEqual(left, [])
  })
})

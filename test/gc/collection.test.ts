import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, it, type TestContext } from 'node:test'
import { Collector } from '../../src/gc/collector.ts'
import { createFilesystemStorage } from '../../src/storage/filesystem/filesystem.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { pull } from './pull.ts'
import { bytesOf, pullAndCollect } from './rounds.ts'
import { writeTinySet } from './tinySet.ts'

let folder: string
let set: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-gc-'))
  set = await writeTinySet(folder)
})
after(() => rm(folder, { recursive: true, force: true }))

/** Seconds. A pull of the test takes a fraction of it, a round a bit more. */
const grace = 4

async function startServers(
  context: TestContext,
  storage: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<readonly [TestServer, TestServer]> {
  const start = () =>
    startServer({
      STORAGE_PATH: storage,
      NIXERY_PKGS_PATH: set,
      NIXERY_WORKERS: '1',
      NIXERY_GC_GRACE: `${grace}s`,
      NIXERY_QUEUE: '1000',
      ...variables,
    })
  const servers = [await start(), await start()] as const
  context.after(() => Promise.all(servers.map((server) => server.stop())))
  return servers
}

/** A moment after which nothing that was served before is leased any more. */
const graceIsOver = () => sleep((grace + 1) * 1000)

describe('garbage collection', () => {
  it('breaks none of 200 pulls at once, round after round, and keeps to its size', async (context) => {
    const path = join(folder, 'storage')
    const servers = await startServers(context, path)
    const addresses = [servers[0].address, servers[1].address] as const
    const storage = await createFilesystemStorage(path)
    const size = 1_000_000
    const { totals, digests } = await pullAndCollect({
      addresses,
      storage,
      size,
      grace,
      pullsAtOnce: 200,
      seconds: 20,
      rounds: 3,
    })
    await graceIsOver()
    const before = await bytesOf(storage)
    await new Collector(storage, { size, grace }).collect()
    const after = await bytesOf(storage)
    context.diagnostic(JSON.stringify({ ...totals, before, after }))
    assert.ok(after <= size, `${after} bytes stay`)
    assert.ok(after > size / 2, `only ${after} bytes stay`)
    assert.ok(totals.blobs > 50 && totals.records > 20, JSON.stringify(totals))
    // OCI's words and Docker's: an image has no third digest, however often it was made.
    for (const [name, seen] of digests) assert.ok(seen.size <= 2, `${name} has ${seen.size} digests`)

    for (const server of servers) await server.stop()
    await new Collector(storage, { keep: 0, grace }).collect()
    for (const kind of ['layers', 'manifests', 'builds', 'gc/intents'])
      assert.deepEqual(await Array.fromAsync(storage.objects.list(kind)), [], kind)
  })

  it('finds no orphan where two servers have made the same image at the same moment', async (context) => {
    const path = join(folder, 'twice')
    const servers = await startServers(context, path)
    const digests = await Promise.all(
      servers.flatMap(({ address }) =>
        ['p1', 'p2/p3', 'p4'].map(async (name) => [name, await pull([address], name, 0)] as const),
      ),
    )
    const byName = Map.groupBy(digests, ([name]) => name)
    assert.equal(byName.size, 3)
    await graceIsOver()
    const storage = await createFilesystemStorage(path)
    const kept = await bytesOf(storage)
    await new Collector(storage, { keep: 3600, grace }).collect()
    assert.equal(await bytesOf(storage), kept)
  })

  it('is done by the server itself at intervals, and shows in the metrics', async (context) => {
    const path = join(folder, 'scheduled')
    const servers = await startServers(context, path, {
      NIXERY_GC_INTERVAL: '1s',
      NIXERY_GC_KEEP: '1s',
      NIXERY_GC_GRACE: '1s',
    })
    await pull([servers[0].address], 'p5', 0)
    const storage = await createFilesystemStorage(path)
    const freedBy = async ({ address }: TestServer) => {
      const page = await (await fetch(`${address}/metrics`)).text()
      return Number(/nixery_gc_freed_bytes_total (\d+)/.exec(page)?.[1])
    }
    while (Math.max(...(await Promise.all(servers.map(freedBy)))) < 100_000) await sleep(200)
    assert.equal(await bytesOf(storage), 0)
    await pull([servers[1].address], 'p5', 0)
  })
})

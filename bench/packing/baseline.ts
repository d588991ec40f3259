/**
 * What layers cost without any of our means: one after the other, one stream of zlib, level 6, the tar and
 * the blob hashed beside it. To be run on one core.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { members } from '../../src/archive/members.ts'
import { serverTar } from '../../src/archive/tar/serverTar.ts'
import { storePathTar } from '../../src/archive/tar/storePathTar.ts'
import { endOfArchive } from '../../src/archive/tar/tarHeader.ts'
import { answer, told } from '../child.ts'
import { Stopwatch } from '../stopwatch.ts'
import type { PackingJob, Packed } from './job.ts'

const [chunk, piece] = [Buffer.alloc(1024 * 1024), Buffer.alloc(1024 * 1024)]
const parents = ['nix', 'nix/store'].map((path) => ({ kind: 'directory', path, mode: 0o755 }) as const)

const { layers, store, storage } = (await told()) as PackingJob
mkdirSync(storage, { recursive: true })
const watch = new Stopwatch()
const idle = process.memoryUsage().rss
let bytes = 0
for (const [index, layer] of layers.entries()) bytes += await pack(layer, join(storage, `layer-${index}`))
answer({ ...watch.read(), bytes, idle } satisfies Packed)

async function pack(layer: PackingJob['layers'][number], path: string): Promise<number> {
  const [tarHash, blobHash] = [createHash('sha256'), createHash('sha256')]
  const file = openSync(path, 'w')
  const gzip = createGzip({ level: 6, chunkSize: 256 * 1024 })
  let size = 0
  gzip.on('data', (blob: Buffer) => {
    blobHash.update(blob)
    size += writeSync(file, blob)
  })
  for (const tar of members(tarOf(layer), chunk)) {
    tarHash.update(tar)
    if (!gzip.write(Buffer.from(tar))) await once(gzip, 'drain')
  }
  gzip.end()
  await once(gzip, 'end')
  closeSync(file)
  tarHash.digest()
  blobHash.digest()
  return size
}

function* tarOf(layer: PackingJob['layers'][number]): Generator<Uint8Array> {
  yield* serverTar(parents)
  for (const one of layer) for (const { bytes } of storePathTar(one, store, piece)) yield bytes
  yield endOfArchive
}

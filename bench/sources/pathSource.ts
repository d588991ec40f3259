import { appendFile, cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchManifest } from '../../test/support/registry.ts'
import { demoSet } from '../../test/support/variables.ts'
import { createPathSource } from '../../src/sources/path.ts'
import { silently } from '../../src/work/events.ts'
import type { Floor } from '../floors.ts'
import type { Row } from '../report.ts'
import { startBenchServer } from '../serving/server.ts'
import { generateTree } from './generatedTree.ts'
import { median, timeOf } from './median.ts'

const mostKnown = 5
const mostBeyond = 100

/** A folder of many files as the package set: what it costs to know that nothing has changed. */
export async function pathSource(parent: string, files: number, pause: number) {
  const tree = join(parent, 'tree')
  await mkdir(tree)
  await cp(demoSet, tree, { recursive: true })
  generateTree(tree, files)
  const run = silently(new AbortController().signal)
  const source = createPathSource(tree)
  const first = await timeOf(() => source.pin('latest', run))
  const pins: number[] = []
  for (let count = 0; count < 3; count++) {
    await sleep(pause)
    pins.push(await timeOf(() => source.pin('latest', run)))
  }
  const beyond: number[] = []
  for (let count = 0; count < 5; count++) {
    const revision = await source.pin('latest', run)
    beyond.push(await timeOf(async () => (await source.fetch(revision, run)).confirm(run)))
  }
  const seen: number[] = []
  for (let count = 0; count < 5; count++) {
    const before = (await source.pin('latest', run)).id
    await sleep(pause)
    await appendFile(join(tree, 'salt'), 'x')
    seen.push(
      await timeOf(async () => {
        while ((await source.pin('latest', run)).id === before) await sleep(1)
      }),
    )
  }
  await source.close()
  const known = await knownImages(parent, tree, pause)
  const rows: Row[] = [
    { '': 'the first look, which reads all files', ms: first },
    { '': 'nothing has changed: pin', ms: median(pins) },
    { '': 'a new package: before and after its evaluation', ms: median(beyond) },
    { '': 'a file has changed: until a pin says so', ms: median(seen) },
    { '': 'a known image, by HTTP', ms: median(known) },
  ]
  const floors: Floor[] = [
    floor('a known image of a path source', mostKnown, median(known)),
    floor('a new package of a path source, beyond evaluating', mostBeyond, median(beyond)),
  ]
  return { tree, rows, floors }
}

/** Milliseconds that each takes, when the one before is a while ago. */
async function knownImages(parent: string, tree: string, pause: number): Promise<readonly number[]> {
  const server = await startBenchServer(join(parent, 'server'), { NIXERY_PKGS_PATH: tree })
  try {
    await fetchManifest(server.address, 'hello')
    const times: number[] = []
    for (let count = 0; count < 3; count++) {
      await sleep(pause)
      times.push(await timeOf(() => fetchManifest(server.address, 'hello')))
    }
    return times
  } finally {
    await server.stop()
  }
}

function floor(what: string, most: number, here: number): Floor {
  return { what: `${what}, ms`, least: `${most}`, here, reached: here <= most }
}

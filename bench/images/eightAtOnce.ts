import { join } from 'node:path'
import { fetchManifest } from '../../test/support/registry.ts'
import { demoClosure, present } from '../data/demoClosure.ts'
import type { Floor } from '../floors.ts'
import type { Row, Section } from '../report.ts'
import { startBenchServer } from '../serving/server.ts'

/** What eight new images cost when they are asked for at once; the packages are built already. */
export async function eightAtOnce(images: readonly string[], folder: string) {
  const attributes = images.filter((name) => name !== 'shell')
  await demoClosure(
    present([...attributes, 'bashInteractive', 'coreutils', 'moreutils', 'nano', 'cacert', 'iana-etc']),
    join(folder, 'prepared'),
  )
  const rows: Row[] = []
  const floors: Floor[] = []
  for (const builds of ['2', '8']) {
    const server = await startBenchServer(join(folder, builds), { NIXERY_BUILDS: builds })
    await server.restart()
    const idle = (await server.read()).peak
    const manifests = await Promise.all(images.map((name) => fetchManifest(server.address, name)))
    const { wall, cpu, peak, main } = await server.read()
    await server.stop()
    const blobs = new Map(
      manifests.flatMap(({ manifest }) => manifest.layers.map((one) => [one.digest, one.size])),
    )
    rows.push({
      '': `NIXERY_BUILDS=${builds}`,
      'wall s': wall,
      'CPU s': cpu,
      layers: blobs.size,
      'MB of blobs': Math.round([...blobs.values()].reduce((sum, size) => sum + size, 0) / 1e6),
      'idle MB': Math.round(idle / 1e6),
      'peak MB': Math.round(peak / 1e6),
      'main thread late, p99 ms': main.p99,
      'late, max ms': main.late,
      'busy, max ms': main.busy,
    })
    const eight = `eight images, NIXERY_BUILDS=${builds} (ms)`
    for (const [what, here] of [
      ['main thread late', main.late],
      ['main thread busy at a stretch', main.busy],
    ] as const) {
      floors.push({ what: `${what}, ${eight}`, least: 'at most 20', here, reached: here <= 20 })
    }
  }
  const section: Section = {
    title: 'Eight different images at once',
    note: `First pulls by HTTP. The storage and the segment cache are empty, and the packages are built: ${images.join(', ')}.`,
    rows,
  }
  return { section, floors, warm: join(folder, '2') }
}

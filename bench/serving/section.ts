import { join } from 'node:path'
import { fetchManifest } from '../../test/support/registry.ts'
import { startNginx } from '../../test/support/nginx.ts'
import type { Floor } from '../floors.ts'
import type { Row, Section } from '../report.ts'
import { startBareServer } from './bare.ts'
import { underLoad } from './loadJob.ts'
import { deployed, plainFiles } from './nginxServers.ts'
import { startBenchServer } from './server.ts'

const acceptsManifests = { accept: 'application/vnd.oci.image.manifest.v1+json' }

/** What known images and their blobs cost to serve. */
export async function serving(parent: string, quick: boolean) {
  const folder = join(parent, 'serving')
  const image = quick ? 'python3' : 'ffmpeg'
  const server = await startBenchServer(folder)
  const { manifest } = await fetchManifest(server.address, image)
  const largest = manifest.layers.toSorted((a, b) => b.size - a.size)[0] ?? manifest.config
  const seconds = quick ? 1 : 4
  const small = await smallAnswers(server, image, seconds)
  const blobs = await blobAnswers({ server, folder, image, blob: largest, seconds })
  await server.stop()
  return { sections: [small.section, blobs.section], floors: [...small.floors, ...blobs.floors] }
}

type Server = Awaited<ReturnType<typeof startBenchServer>>

async function smallAnswers(server: Server, image: string, seconds: number) {
  const path = `/v2/${image}/manifests/latest`
  const answer = await fetch(`${server.address}${path}`, { headers: acceptsManifests })
  const bare = await startBareServer(Object.fromEntries(answer.headers), await answer.text())
  const rows: Row[] = []
  const costs = new Map<string, number>()
  for (const connections of [1, 16]) {
    for (const [who, { address, pid }] of [
      ['bare node:http', bare],
      ['manifest', server],
    ] as const) {
      const load = { address, path, headers: acceptsManifests, connections, seconds }
      await server.restart()
      const { requests, wall, cpu, p50, p99 } = await underLoad(load, [pid])
      const { files } = await server.read()
      const perRequest = (cpu * 1e6) / requests
      costs.set(`${who} ${connections}`, perRequest)
      rows.push({
        '': who,
        connections,
        'requests/s': Math.round(requests / wall),
        'CPU µs/request': perRequest,
        'x bare CPU': perRequest / (costs.get(`bare node:http ${connections}`) ?? perRequest),
        'p50 ms': p50,
        'p99 ms': p99,
        'files opened/request': who === 'manifest' ? files.opened / requests : '',
        'files looked at/request': who === 'manifest' ? files.looked / requests : '',
      })
    }
  }
  bare.stop()
  const known = rows.find((row) => row[''] === 'manifest')
  const p50 = Number(known?.['p50 ms'])
  const opened = Number(known?.['files opened/request'])
  const floors: readonly Floor[] = [
    { what: 'known image, seen by the client (ms)', least: 'under 2', here: p50, reached: p50 < 2 },
    { what: 'known image, files read', least: 'at most 1', here: opened, reached: opened <= 1 },
  ]
  const note = `The manifest of a known image by its tag, ${seconds} s each. A bare node:http server that always answers the same bytes is the baseline.`
  return { section: { title: 'Known images', note, rows } satisfies Section, floors }
}

interface BlobSetup {
  readonly server: Server
  readonly folder: string
  readonly image: string
  readonly blob: { readonly digest: string; readonly size: number }
  readonly seconds: number
}

async function blobAnswers({ server, folder, image, blob, seconds }: BlobSetup) {
  const prefix = '/nixery-blobs/'
  const handing = await startBenchServer(folder, { NIXERY_ACCEL_REDIRECT: prefix })
  const storage = join(folder, 'storage')
  const nginx = await startNginx((port) => plainFiles(port, storage))
  const front = await startNginx((port) => deployed(port, handing.address.replace('http://', ''), storage))
  const path = `/v2/${image}/blobs/${blob.digest}`
  const kinds = [
    [
      'nginx, files by sendfile',
      nginx.address,
      `/layers/${blob.digest.replace('sha256:', '')}`,
      nginx.pids(),
    ],
    ['the server itself', server.address, path, [server.pid]],
    ['handed over to nginx', front.address, path, [handing.pid, ...front.pids()]],
  ] as const
  const rows: Row[] = []
  const costs = new Map<string, number>()
  for (const connections of [1, 32]) {
    for (const [who, address, path, pids] of kinds) {
      await fetch(`${address}${path}`).then((answer) => answer.arrayBuffer())
      const { bytes, wall, cpu } = await underLoad({ address, path, connections, seconds }, pids)
      const perGB = cpu / (bytes / 1e9)
      costs.set(`${who} ${connections}`, perGB)
      rows.push({
        '': who,
        connections,
        'MB/s': Math.round(bytes / 1e6 / wall),
        'CPU s/GB': perGB,
        'x nginx CPU': perGB / (costs.get(`${kinds[0][0]} ${connections}`) ?? perGB),
      })
    }
  }
  await Promise.all([front.stop(), nginx.stop(), handing.stop()])
  const floors = rows
    .filter((row) => row[''] !== kinds[0][0])
    .map((row) => {
      const here = Number(row['x nginx CPU'])
      const what = `blobs, ${row['']}, connections ${row['connections']}: CPU beside nginx`
      return { what, least: 'at most 2 x', here, reached: here <= 2 }
    })
  const size = Math.round(blob.size / 1e5) / 10
  const note = `A blob of ${size} MB from the page cache, ${seconds} s each. The client is on the same machine, so compare CPU time.`
  return { section: { title: 'Blobs', note, rows } satisfies Section, floors }
}

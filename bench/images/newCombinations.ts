import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { fetchManifest } from '../../test/support/registry.ts'
import type { Floor } from '../floors.ts'
import type { Row, Section } from '../report.ts'
import { startBenchServer } from '../serving/server.ts'

const combinations = ['shell/git/htop', 'shell/jq/python3', 'git/htop/jq/python3']

/** Images whose packages are known from others, by a server that cannot run Nix. @param warm folder of the one that made the others */
export async function newCombinations(warm: string, folder: string) {
  const withoutNix = join(folder, 'empty')
  await mkdir(withoutNix)
  const rate = hashRate()
  const rows: Row[] = []
  for (const [what, variables] of [
    ['grouped as before', {}],
    ['grouped anew, into 20 layers', { NIXERY_MAX_LAYERS: '20' }],
  ] as const) {
    const server = await startBenchServer(warm, { PATH: withoutNix, ...variables })
    // The first new image of a server pays for the start of its threads.
    await fetchManifest(server.address, 'jq/htop')
    for (const name of combinations) {
      const before = new Set(await readdir(join(warm, 'storage/layers')))
      await server.restart()
      const { manifest } = await fetchManifest(server.address, name)
      const { wall, cpu, main } = await server.read()
      const fresh = manifest.layers
        .map(({ digest }) => digest.replace('sha256:', ''))
        .filter((hex) => !before.has(hex))
      const sizes = await Promise.all(fresh.map((hex) => hashedBytes(join(warm, 'storage/layers', hex))))
      const hashed = sizes.reduce((sum, size) => sum + size, 0)
      const hashing = Math.max(hashed / availableParallelism(), ...sizes) / rate
      rows.push({
        image: name,
        '': what,
        layers: manifest.layers.length,
        'of them new': fresh.length,
        'MB to hash': hashed / 1e6,
        'wall ms': wall * 1000,
        'CPU ms': cpu * 1000,
        'hashing ms': hashing * 1000,
        'beyond hashing ms': (wall - hashing) * 1000,
        'main thread late, max ms': main.late,
        'busy, max ms': main.busy,
      })
    }
    await server.stop()
  }
  const beyond = rows.map((row) => Number(row['beyond hashing ms'])).toSorted((a, b) => a - b)
  const here = beyond[Math.floor(beyond.length / 2)] ?? 0
  const floor: Floor = {
    what: 'new combination, beyond the hashing, median (ms)',
    least: 'under 100',
    here,
    reached: here < 100,
  }
  const section: Section = {
    title: 'New combinations of known packages, without Nix',
    note: `A server that has no Nix in its PATH, on storage and segments of the one that made the packages' own images. Hashing: the tar and the blob of each new layer, at ${Math.round(rate / 1e6)} MB/s (one core, measured here), on all cores, a layer on one.`,
    rows,
  }
  return { section, floors: [floor] }
}

/** Bytes that are hashed for a layer: its tar, and its blob. */
async function hashedBytes(path: string): Promise<number> {
  let bytes = 0
  const blob = createReadStream(path)
  blob.on('data', (chunk) => (bytes += chunk.length))
  for await (const chunk of blob.pipe(createGunzip())) bytes += Buffer.from(chunk).length
  return bytes
}

/** Bytes of sha256 in a second, the best of some. */
function hashRate(): number {
  const bytes = Buffer.alloc(64 << 20, 1)
  const rates = Array.from({ length: 5 }, () => {
    const start = performance.now()
    createHash('sha256').update(bytes).digest()
    return (bytes.length / (performance.now() - start)) * 1000
  })
  return Math.max(...rates)
}

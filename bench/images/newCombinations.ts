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

/** The first is not measured: a server's first new image pays for the start of its threads. */
const combinations = [
  'htop/jq',
  'shell/git/htop',
  'shell/jq/python3',
  'git/htop/jq/python3',
  'shell/git/python3',
  'shell/git/htop/jq/python3',
]

const groupings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'grouped as before': {},
  'grouped anew, into 20 layers': { NIXERY_MAX_LAYERS: '20' },
}

/**
 * Images whose packages are known from others, by a server that cannot run Nix. @param warm folder of the one
 * that made the others
 */
export async function newCombinations(warm: string, folder: string) {
  const withoutNix = join(folder, 'empty')
  await mkdir(withoutNix)
  const blobs = join(warm, 'storage/layers')
  const rate = hashRate()
  const rows: Row[] = []
  for (const [what, variables] of Object.entries(groupings)) {
    const server = await startBenchServer(warm, { PATH: withoutNix, ...variables })
    const seen = new Set<string>()
    for (const [index, name] of combinations.entries()) {
      const before = new Set(await readdir(blobs))
      await server.restart()
      const { manifest } = await fetchManifest(server.address, name)
      const { wall, cpu, main } = await server.read()
      const layers = manifest.layers.map(({ digest }) => digest.replace('sha256:', ''))
      const fresh = layers.filter((hex) => !before.has(hex))
      const made = await Promise.all(fresh.map((hex) => hashedBytes(join(blobs, hex))))
      const checked = manifest.layers.flatMap(({ size }, at) => {
        const hex = layers[at] ?? ''
        return before.has(hex) && !seen.has(hex) ? size : []
      })
      for (const hex of layers) seen.add(hex)
      if (index === 0) continue
      const hashed = [...made, ...checked].reduce((sum, size) => sum + size, 0)
      const hashing = Math.max(hashed / availableParallelism(), ...made, ...checked) / rate
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
  const floors = Object.keys(groupings).flatMap((grouping): readonly Floor[] => {
    const own = rows.filter((row) => row[''] === grouping).map((row) => Number(row['beyond hashing ms']))
    const sorted = own.toSorted((a, b) => a - b)
    const what = `new combination, ${grouping}: beyond the hashing`
    const floor = (which: string, here = 0) => ({
      what: `${what}, ${which} (ms)`,
      least: 'under 100',
      here,
      reached: here < 100,
    })
    return [floor('median', sorted[Math.floor(sorted.length / 2)]), floor('slowest', sorted.at(-1))]
  })
  const section: Section = {
    title: 'New combinations of known packages, without Nix',
    note: `The server has no Nix in its PATH. It uses the storage and the segments of a server that built an image of each package. The first new image starts the threads and is not measured. Hashing is the time that the hashes take at ${Math.round(rate / 1e6)} MB/s for each core (measured here), one core for each layer: those of the tar and the blob of each new layer, and those of the blobs that this server has not used yet.`,
    rows,
  }
  return { section, floors }
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

import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Floor } from '../floors.ts'
import type { Row, Section } from '../report.ts'
import { layersOf, sizeOf, type Dataset } from './dataset.ts'
import type { Packed } from './job.ts'
import { measure } from './measure.ts'

const codecs = ['gzip', 'zstd', 'none'] as const
/** The server's own, and another one, for which every store path is in another layer. */
const [budget, otherBudget] = [94, 40]
const threads = availableParallelism()

/** First builds with every codec, and the same store paths grouped in another way, beside the baseline. */
export async function packing(datasets: readonly Dataset[], folder: string) {
  const rows: Row[] = []
  const floors: Floor[] = []
  for (const dataset of datasets) {
    const layers = layersOf(dataset, budget)
    const common = { layers, store: dataset.store, folder, threads }
    const baseline = await measure('baseline', { ...common, codec: 'gzip', segments: '' })
    rows.push(rowOf(dataset, 'baseline', baseline, baseline))
    for (const codec of codecs) {
      const segments = join(folder, randomUUID())
      const first = await measure('packLayers', { ...common, codec, segments })
      rows.push(rowOf(dataset, `first build, ${codec}`, first, baseline))
      if (codec !== 'none') floors.push(...floorsOf(dataset, codec, first, baseline))
      if (codec === 'none' || dataset.closure.length === 1) continue
      const again = { ...common, layers: layersOf(dataset, otherBudget), codec, segments }
      const regrouped = await measure('packLayers', again)
      rows.push(rowOf(dataset, `regrouping, ${codec}`, regrouped, baseline))
      const here = baseline.wall / regrouped.wall
      floors.push({ what: `regrouping, ${codec}: ${dataset.name}`, least: '20 x', here, reached: here >= 20 })
      await rm(segments, { recursive: true })
    }
    const segments = join(folder, randomUUID())
    const byWasm = await measure('packLayersByWasm', { ...common, codec: 'gzip', segments })
    rows.push(rowOf(dataset, 'first build, gzip by WASM', byWasm, baseline))
    await rm(segments, { recursive: true })
  }
  const section: Section = {
    title: 'Layers',
    note: `${threads} threads make the layers and put them into an empty storage on disk, as in the server. The baseline uses one core, one stream of Node's zlib at level 6, and our own tar, and makes the layers one by one. The columns with x are ratios to the baseline: larger is faster.`,
    rows,
  }
  return { section, floors }
}

function rowOf(dataset: Dataset, what: string, { wall, cpu, bytes, peak, main }: Packed, base: Packed): Row {
  return {
    'store paths': dataset.name,
    MB: Math.round(sizeOf(dataset) / 1e6),
    '': what,
    'wall s': wall,
    'CPU s': cpu,
    'MB/s': sizeOf(dataset) / 1e6 / wall,
    'x wall': base.wall / wall,
    'x CPU': base.cpu / cpu,
    'size %': 100 * (bytes / base.bytes - 1),
    'peak MB': Math.round(peak / 1e6),
    'main thread late, p99 ms': main.p99,
    'late, max ms': main.late,
    'busy, max ms': main.busy,
  }
}

function floorsOf({ name }: Dataset, codec: 'gzip' | 'zstd', first: Packed, base: Packed): readonly Floor[] {
  const here = base.wall / first.wall
  const size = 100 * (first.bytes / base.bytes - 1)
  // Of gzip: with the compressor in WASM, and with a faster one.
  const [least, most] = codec === 'gzip' ? [[3, 5], 3] : [[5.5], 0]
  return [
    ...least.map((ratio) => ({
      what: `first build, ${codec}: ${name}`,
      least: `${ratio} x`,
      here,
      reached: here >= ratio,
    })),
    {
      what: `its size beside the baseline's, %`,
      least: `at most +${most}`,
      here: size,
      reached: size <= most,
    },
  ]
}

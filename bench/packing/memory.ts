import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Floor } from '../floors.ts'
import type { Row } from '../report.ts'
import { sizeOf, type Dataset } from './dataset.ts'
import { measure } from './measure.ts'

const MB = 1e6

/** The largest that a process becomes which makes one large layer. */
export async function memoryOfOneLayer(dataset: Dataset, folder: string) {
  const rows: Row[] = []
  const floors: Floor[] = []
  for (const codec of ['gzip', 'zstd', 'none'] as const) {
    const segments = join(folder, randomUUID())
    const job = { layers: [dataset.closure], store: dataset.store, folder, codec, segments }
    const { peak, idle, main, wall } = await measure('packLayers', {
      ...job,
      threads: availableParallelism(),
    })
    rows.push({
      '': `one layer of ${Math.round(sizeOf(dataset) / MB)} MB, ${codec}`,
      'wall s': wall,
      'idle MB': Math.round(idle / MB),
      'peak MB': Math.round(peak / MB),
      'main thread late, p99 ms': main.p99,
      'late, max ms': main.late,
      'busy, max ms': main.busy,
    })
    const here = Math.round(peak / MB)
    floors.push({
      what: `peak memory, one layer, ${codec} (MB)`,
      least: 'at most 200',
      here,
      reached: here <= 200,
    })
    await rm(segments, { recursive: true, force: true })
  }
  return { rows, floors }
}

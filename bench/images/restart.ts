import { fetchManifest } from '../../test/support/registry.ts'
import type { Row, Section } from '../report.ts'
import { startBenchServer } from '../serving/server.ts'

/** What a server answers that starts on the storage of another: the first time, and the second. */
export async function restart(images: readonly string[], folder: string): Promise<Section> {
  const server = await startBenchServer(folder)
  const rows: Row[] = [{ '': 'listens', ms: server.starting * 1000 }]
  for (const [order, name] of [images.at(-1), images[1]].entries()) {
    for (const time of ['first', 'second']) {
      await server.restart()
      const start = performance.now()
      const { manifest } = await fetchManifest(server.address, name ?? '')
      const ms = performance.now() - start
      const { files, main } = await server.read()
      const bytes = manifest.layers.reduce((sum, { size }) => sum + size, 0)
      rows.push({
        '': `${name}, ${time} time${order === 0 && time === 'first' ? ', the very first request' : ''}`,
        ms,
        layers: manifest.layers.length,
        MB: bytes / 1e6,
        'files opened': files.opened,
        'files looked at': files.looked,
        'main thread late, max ms': main.late,
        'busy, max ms': main.busy,
      })
    }
  }
  await server.stop()
  const note =
    'Other threads hash every blob before the server uses it for the first time. Files that they open are not counted.'
  return { title: 'After a restart, with warm storage', note, rows }
}

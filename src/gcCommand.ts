import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { NixeryError, UsageError } from './errors.ts'
import { Collector, type Progress } from './gc/collector.ts'
import { tableOf } from './gc/table.ts'
import { titlesOf } from './gc/titles.ts'
import { formatBytes } from './gc/units.ts'
import { openStorage } from './wiring.ts'

/**
 * `gc [--dry-run]`: deletes what no image needs, and images beyond `NIXERY_GC_KEEP` and `NIXERY_GC_SIZE`; with
 * `--dry-run` only says what. Shows how far it is on stderr when that is a terminal.
 * @throws UsageError, ConfigError, StorageFailed
 */
export async function gcCommand(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean', default: false } },
  })
  if (positionals.length > 0) throw new UsageError('gc takes nothing but --dry-run')
  const config = readConfig()
  const storage = await openStorage(config)
  const collector = new Collector(storage, config.retention)
  const stop = new AbortController()
  const onSignal = () => stop.abort(new Interrupted('interrupted: the next collection goes on'))
  process.once('SIGINT', onSignal)
  const bar = process.stderr.isTTY ? new ProgressBar() : undefined
  try {
    const report = await collector.collect({
      dryRun: values['dry-run'],
      signal: stop.signal,
      onProgress: (progress) => bar?.show(progress),
    })
    bar?.clear()
    if (values['dry-run']) {
      const going = report.verdict.images.map(({ image }) => image)
      return tableOf(report, await titlesOf(storage.blobs, going))
    }
    const { deleted, found } = report
    return `${formatBytes(deleted.bytes)} in ${deleted.blobs} blobs are gone, and ${deleted.records} records; ${formatBytes(found.bytes - deleted.bytes)} stay.\n`
  } finally {
    bar?.clear()
    process.removeListener('SIGINT', onSignal)
  }
}

class Interrupted extends NixeryError {}

const width = 40
/** Milliseconds between two pictures of the bar. */
const pictures = 100

class ProgressBar {
  #last = 0

  show({ phase, done, of }: Progress): void {
    const now = performance.now()
    if (now - this.#last < pictures && done < of) return
    this.#last = now
    const filled = of === 0 ? width : Math.round((width * done) / of)
    const what = phase === 'look' ? 'looking' : 'deleting'
    process.stderr.write(`\r\u001b[K${what} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${done}/${of}`)
  }

  clear(): void {
    process.stderr.write('\r\u001b[K')
  }
}

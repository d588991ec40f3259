import { parseArgs } from 'node:util'
import { openStorage } from '../app.ts'
import { readConfig } from '../config/config.ts'
import { UsageError } from '../errors.ts'
import { Collector } from '../gc/collector.ts'
import { tableOf } from './collectionTable.ts'
import { titlesOf } from './imageTitles.ts'
import { interruptible } from './interruptible.ts'
import { ProgressBar } from './progressBar.ts'
import { formatBytes } from './units.ts'

/**
 * `gc [--dry-run]`: deletes what no image needs, and images beyond `NIXERY_GC_KEEP` and `NIXERY_GC_SIZE`;
 * with `--dry-run` only says what. Shows how far it is on stderr when that is a terminal.
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
  await using storage = await openStorage(config)
  const collector = new Collector(storage, config.collection.retention)
  const bar = process.stderr.isTTY ? new ProgressBar(process.stderr) : undefined
  try {
    const report = await interruptible('interrupted: the next collection goes on', (signal) =>
      collector.collect({
        dryRun: values['dry-run'],
        signal,
        onProgress: ({ phase, done, of }) => bar?.show(phase === 'look' ? 'looking' : 'deleting', done, of),
      }),
    )
    bar?.clear()
    if (values['dry-run']) {
      const going = report.verdict.images.map(({ image }) => image)
      return tableOf(report, await titlesOf(storage.blobs, going))
    }
    const { deleted, found } = report
    return `${formatBytes(deleted.bytes)} in ${deleted.blobs} blobs are gone, and ${deleted.records} records; ${formatBytes(found.bytes - deleted.bytes)} stay.\n`
  } finally {
    bar?.clear()
  }
}

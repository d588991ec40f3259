import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createApp, openStorage } from '../app.ts'
import { readConfig } from '../config/config.ts'
import { mostLayers } from '../config/layers.ts'
import { InvalidData, UsageError } from '../errors.ts'
import { findInCache } from '../layerTables/findInCache.ts'
import { findInRecords } from '../layerTables/findInRecords.ts'
import { findInSet } from '../layerTables/findInSet.ts'
import { sourceId } from '../layerTables/sourceId.ts'
import { LayerTables } from '../layerTables/layerTables.ts'
import { makeTable } from '../layerTables/makeTable.ts'
import type { CacheSearch, Finding } from '../layerTables/search.ts'
import { encodeLayerTable, forestFor, type LayerTable } from '../layers/layerTable.ts'
import { createLogger } from '../logger.ts'
import { systems } from '../store/system.ts'
import { interruptible } from './interruptible.ts'
import { ProgressBar } from './progressBar.ts'

const options = {
  cache: { type: 'string' },
  paths: { type: 'string' },
  set: { type: 'boolean', default: false },
  tag: { type: 'string', default: 'latest' },
  records: { type: 'boolean', default: false },
  output: { type: 'string' },
  counts: { type: 'string' },
  state: { type: 'string', default: './var/state' },
  parallel: { type: 'string', default: '32' },
} as const

/**
 * `layer-table --cache LOCATION [--paths LIST]`, `layer-table --set [--tag TAG] [--cache LOCATION]` or
 * `layer-table --records`: makes a layer table, and writes it to `--output FILE`, the counts of the original
 * to `--counts FILE`; without either, the table to the server's storage.
 * @throws UsageError, InvalidData, ConfigError, StorageFailed, or what Nix throws
 */
export async function layerTableCommand(args: readonly string[]): Promise<string> {
  const { values } = parseArgs({ args: [...args], options })
  const { cache, paths, set, records, tag, state } = values
  const parallel = Number(values.parallel)
  if (!Number.isInteger(parallel) || parallel < 1)
    throw new UsageError('--parallel takes a whole number from 1')
  const inputs = [records, set, cache !== undefined && !set].filter(Boolean)
  if (inputs.length !== 1 || (paths !== undefined && set)) {
    throw new UsageError(
      'layer-table takes one of --cache LOCATION [--paths LIST], --set [--cache LOCATION], --records',
    )
  }
  const bar = new ProgressBar(process.stderr)
  try {
    const finding = await interruptible('interrupted: the next run goes on from here', (signal) => {
      const onProgress = (what: string, done: number, of: number) => bar.show(what, done, of)
      const search = { signal, onProgress, parallel, stateDir: resolve(state) }
      if (set) return findInOwnSet(tag, cache, search)
      return cache === undefined ? findInOwnRecords(search) : findInCache(cache, paths, search)
    })
    const table = makeTable(finding)
    bar.clear()
    return report(finding, table, await write(table, values))
  } finally {
    bar.clear()
  }
}

async function findInOwnSet(tag: string, cache: string | undefined, search: CacheSearch): Promise<Finding> {
  const config = readConfig()
  await using app = await createApp(config, createLogger('silent'))
  const revision = await app.source.pin(tag, { signal: search.signal, onEvent: () => undefined })
  const { parallel, stateDir } = search
  const set = { ...app, revision, system: systems[config.platforms[0]] }
  return await findInSet(
    cache === undefined ? set : { ...set, cache: { location: cache, parallel, stateDir } },
    search,
  )
}

async function findInOwnRecords(search: CacheSearch): Promise<Finding> {
  await using storage = await openStorage(readConfig())
  return await findInRecords(storage.records, search)
}

/** Where it was written to, for people. */
async function write(
  table: LayerTable,
  { output, counts }: { readonly output?: string | undefined; readonly counts?: string | undefined },
): Promise<string> {
  if (output !== undefined) await writeJson(output, encodeLayerTable(table))
  if (counts !== undefined) await writeJson(counts, Object.fromEntries(table.popularity))
  if (output !== undefined || counts !== undefined) return [output, counts].filter(Boolean).join(', ')
  const config = readConfig()
  await using storage = await openStorage(config)
  await new LayerTables(storage.records, sourceId(config.source)).offerToAll(table)
  return 'the storage: revisions that have no table yet use it'
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value)}\n`).catch((cause: unknown) => {
    throw new InvalidData(`${file} cannot be written`, { cause })
  })
}

function report({ origin, nodes, remarks }: Finding, table: LayerTable, written: string): string {
  const joins = forestFor(table, mostLayers).size
  const sentences = [
    `${nodes.length} paths of ${origin}, ${table.sharing.needed.size} packages; ${joins} of them join another in images of ${mostLayers} layers`,
    ...remarks,
    `written to ${written}`,
  ]
  return sentences.map((sentence) => `${sentence}.\n`).join('')
}

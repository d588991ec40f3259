import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systems } from '../store/system.ts'
import { nodeOf } from '../layers/graph.ts'
import { LayerTables } from '../layerTables/layerTables.ts'
import { mostLayers, readConfig } from '../config/config.ts'
import { InvalidData, NixeryError, UsageError } from '../errors.ts'
import { growForest } from '../layers/growForest.ts'
import { createLayerTable, encodeLayerTable, forestFor, type LayerTable } from '../layers/layerTable.ts'
import type { ClosureNode } from '../layers/plan.ts'
import { createLogger } from '../logger.ts'
import { allOutputs } from '../nix/allOutputs.ts'
import { validPaths } from '../nix/validPaths.ts'
import { BinaryCache } from '../layerTables/binaryCache.ts'
import { countReferences } from '../layerTables/countReferences.ts'
import { gather } from '../layerTables/gather.ts'
import { Journal } from '../layerTables/journal.ts'
import { hashPart } from '../store/storePath.ts'
import { recordedPaths } from '../layerTables/recordedPaths.ts'
import { readStorePathList } from '../layerTables/storePathList.ts'
import { ownArchitecture } from '../oci/platform.ts'
import { ProgressBar } from './progressBar.ts'
import { openStorage, wire } from '../app.ts'

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

/** Which paths a table is made of. */
interface Finding {
  readonly origin: string
  readonly revision?: string
  readonly nodes: readonly ClosureNode[]
  /** For people: what is not in it. */
  readonly remarks: readonly string[]
}

interface Search {
  readonly cache: string | undefined
  readonly paths: string | undefined
  readonly tag: string
  readonly state: string
  readonly parallel: number
  readonly signal: AbortSignal
  readonly bar: ProgressBar
}

class Interrupted extends NixeryError {}

/**
 * `popularity --cache LOCATION [--paths LIST]`, `popularity --set [--tag TAG] [--cache LOCATION]` or
 * `popularity --records`: makes a layer table, and writes it to `--output FILE`, the counts of the original to
 * `--counts FILE`; without either, the table to the server's storage.
 * @throws UsageError, InvalidData, ConfigError, StorageFailed, or what Nix throws
 */
export async function popularityCommand(args: readonly string[]): Promise<string> {
  const { values } = parseArgs({ args: [...args], options })
  const parallel = Number(values.parallel)
  if (!Number.isInteger(parallel) || parallel < 1)
    throw new UsageError('--parallel takes a whole number from 1')
  const inputs = [values.records, values.set, values.cache !== undefined && !values.set].filter(Boolean)
  if (inputs.length !== 1 || (values.paths !== undefined && values.set)) {
    throw new UsageError(
      'popularity takes one of --cache LOCATION [--paths LIST], --set [--cache LOCATION], --records',
    )
  }
  const stop = new AbortController()
  const onSignal = () => stop.abort(new Interrupted('interrupted: the next run goes on from here'))
  process.once('SIGINT', onSignal)
  const bar = new ProgressBar(process.stderr)
  try {
    const { cache, paths, tag, state } = values
    const search: Search = { cache, paths, tag, state, parallel, signal: stop.signal, bar }
    const finding = values.records ? await inRecords(search) : await (values.set ? inSet : inCache)(search)
    if (finding.nodes.length === 0) throw new InvalidData(`${finding.origin}: no paths are known`)
    const table = tableOf(finding)
    bar.clear()
    return report(finding, table, await write(table, values))
  } finally {
    bar.clear()
    process.removeListener('SIGINT', onSignal)
  }
}

async function inCache({ cache: location = '', paths, ...search }: Search): Promise<Finding> {
  const cache = new BinaryCache(location)
  const hashes =
    paths === undefined ? await cache.list() : (await readStorePathList(paths, search.signal)).map(hashPart)
  return { origin: cache.location, ...(await gatherFrom(cache, hashes, search)) }
}

async function gatherFrom(
  cache: BinaryCache,
  hashes: readonly string[],
  { state, parallel, signal, bar }: Pick<Search, 'state' | 'parallel' | 'signal' | 'bar'>,
): Promise<Pick<Finding, 'nodes' | 'remarks'>> {
  const name = createHash('sha256').update(cache.location).digest('hex').slice(0, 16)
  const journal = await Journal.open(join(resolve(state), 'popularity', `${name}.jsonl`))
  try {
    const onProgress = (done: number, of: number) => bar.show('narinfos', done, of)
    const { nodes, missing, asked } = await gather(hashes, cache, journal, { parallel, signal, onProgress })
    const remarks = [`${asked} paths were asked for, ${nodes.length + missing - asked} were known`]
    return { nodes, remarks: missing === 0 ? remarks : [...remarks, `${missing} paths are not in the cache`] }
  } finally {
    await journal.close()
  }
}

async function inSet({ cache, ...search }: Search): Promise<Finding> {
  const config = readConfig()
  const { source, nix, packer } = await wire(config, createLogger('silent'))
  try {
    const run = { signal: search.signal, onEvent: () => undefined }
    const revision = await source.pin(search.tag, run)
    const { location } = await source.fetch(revision, run)
    const system = systems[config.NIXERY_PLATFORMS[0] ?? ownArchitecture()]
    const nixOptions = { timeout: config.NIX_TIMEOUT, stateDir: resolve(config.NIXERY_STATE_DIR) }
    const onProgress = (done: number, of: number) => search.bar.show('attributes', done, of)
    const { paths, attributes, failed } = await allOutputs({ location, system }, nixOptions, run, onProgress)
    const present = await validPaths(paths, nixOptions, run)
    const local = await nix.closure(present, run)
    const known = local.map(nodeOf)
    const there = new Set(present)
    const absent = paths.filter((path) => !there.has(path))
    const remote =
      cache === undefined
        ? {
            nodes: [],
            remarks: absent.length === 0 ? [] : [`${absent.length} outputs are not in the Nix store`],
          }
        : await gatherFrom(new BinaryCache(cache), absent.map(hashPart), search)
    const nodes = new Map([...remote.nodes, ...known].map((node) => [node.path, node]))
    return {
      origin: revision.label,
      revision: revision.id,
      nodes: [...nodes.values()],
      remarks: [`${attributes} attributes were evaluated, ${failed} could not be`, ...remote.remarks],
    }
  } finally {
    await Promise.all([packer.close(), nix.close()])
  }
}

async function inRecords({ bar }: Search): Promise<Finding> {
  const { records } = await openStorage(readConfig())
  const onProgress = (done: number, of: number) => bar.show('records', done, of)
  const nodes = await recordedPaths(records, onProgress)
  return { origin: "the server's records", nodes, remarks: [] }
}

function tableOf({ origin, revision, nodes }: Finding): LayerTable {
  return createLayerTable({
    made: new Date().toISOString(),
    origin,
    ...(revision === undefined ? {} : { revision }),
    sharing: growForest(nodes),
    popularity: countReferences(nodes),
  })
}

/** Where it was written to, for people. */
async function write(
  table: LayerTable,
  { output, counts }: { readonly output?: string | undefined; readonly counts?: string | undefined },
): Promise<string> {
  if (output !== undefined) await writeJson(output, encodeLayerTable(table))
  if (counts !== undefined) await writeJson(counts, Object.fromEntries(table.popularity))
  if (output !== undefined || counts !== undefined) return [output, counts].filter(Boolean).join(', ')
  const { records } = await openStorage(readConfig())
  await new LayerTables(records).offer(table)
  return 'the storage: revisions that are seen from now on use it'
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

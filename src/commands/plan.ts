import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createApp } from '../app.ts'
import { readConfig } from '../config/config.ts'
import { mostLayers } from '../config/layers.ts'
import { InvalidData, UsageError } from '../errors.ts'
import { parseImageName } from '../image/name.ts'
import { parseReferenceGraph } from '../layers/graph.ts'
import type { SharedData } from '../layers/plan.ts'
import { sharedDataFor } from '../layers/sharedData.ts'
import { isStrategyName, strategies } from '../layers/strategies.ts'
import { readLayerTable, readPopularity } from '../layerTables/readData.ts'
import { createLogger } from '../logger.ts'
import { patient } from '../work/singleFlight.ts'
import { effectAsText } from './renderEffect.ts'
import { planAsJson, planAsTable } from './renderPlan.ts'

const options = {
  graph: { type: 'string' },
  popularity: { type: 'string' },
  table: { type: 'string' },
  // What the JSON was first defined by: other programs compare with it.
  strategy: { type: 'string', default: 'dominators' },
  budget: { type: 'string', default: String(mostLayers) },
  tag: { type: 'string', default: 'latest' },
} as const

/** Images of the storage that are planned to see what the table does for it, at most: it takes a second. */
const mostImagesMeasured = 500

interface GraphOptions {
  readonly graph: string
  readonly popularity?: string | undefined
  readonly table?: string | undefined
  readonly strategy: string
  readonly budget: string
}

/**
 * `plan --graph FILE [--strategy NAME] [--popularity FILE] [--table FILE] [--budget N]`: the plan of an
 * exported reference graph as JSON. `plan NAME [--tag TAG]`: the layers of an image, explained as a table; it
 * needs the server's configuration.
 * @throws UsageError, InvalidData, ConfigError, or what building throws
 */
export async function planCommand(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
  const [name, ...more] = positionals
  const { graph, tag } = values
  if (more.length > 0 || (name === undefined) === (graph === undefined)) {
    throw new UsageError('plan takes either --graph FILE or one image name')
  }
  if (graph !== undefined) return planOfGraph({ ...values, graph })
  return planOfImage(name ?? '', tag)
}

async function planOfGraph(given: GraphOptions): Promise<string> {
  const budget = Number(given.budget)
  if (!Number.isInteger(budget) || budget < 1) throw new UsageError(`--budget takes a whole number from 1`)
  if (!isStrategyName(given.strategy)) {
    throw new UsageError(`--strategy takes one of ${Object.keys(strategies).join(', ')}`)
  }
  const text = await readFile(given.graph, 'utf8').catch((cause: unknown) => {
    throw new InvalidData(`the graph ${given.graph} cannot be read`, { cause })
  })
  const data = await sharedData(given, budget)
  return planAsJson(strategies[given.strategy](parseReferenceGraph(text), data, budget))
}

async function sharedData({ popularity, table }: GraphOptions, budget: number): Promise<SharedData> {
  const made = table === undefined ? undefined : await readLayerTable(table)
  const data = popularity === undefined ? undefined : await readPopularity(popularity)
  return sharedDataFor(budget, made, data?.counts)
}

async function planOfImage(name: string, tag: string): Promise<string> {
  const request = parseImageName(name)
  const config = readConfig()
  await using app = await createApp(config, createLogger('silent'))
  const { source, maker, layerings, measureTable } = app
  const revision = await source.pin(tag, patient)
  const order = { request, revision, architecture: request.architecture ?? config.platforms[0] }
  const layering = await layerings.preview(revision)
  const table = planAsTable(await maker.plan(order, layering, patient))
  if (config.layers.strategy !== 'forest') return table
  const effect = await measureTable(revision, layering, mostImagesMeasured, patient.signal)
  return `${table}\n${effectAsText(layering, effect, Date.now())}`
}

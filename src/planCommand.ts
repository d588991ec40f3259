import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { InvalidData, UsageError } from './errors.ts'
import { parseImageName } from './image/name.ts'
import { parseReferenceGraph } from './layers/graph.ts'
import { noPopularity } from './layers/popularity.ts'
import { readPopularity } from './layers/readPopularity.ts'
import { planAsJson, planAsTable } from './layers/render.ts'
import { strategies } from './layers/strategies.ts'
import { createLogger } from './logger.ts'
import { wire } from './wiring.ts'

const defaultBudget = 94

/**
 * `plan --graph FILE [--popularity FILE] [--budget N]`: the plan of an exported reference graph as JSON.
 * `plan NAME [--tag TAG]`: the layers of an image, explained as a table; it needs the server's configuration.
 * @throws UsageError, InvalidData, ConfigError, or what building throws
 */
export async function planCommand(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      graph: { type: 'string' },
      popularity: { type: 'string' },
      budget: { type: 'string', default: String(defaultBudget) },
      tag: { type: 'string', default: 'latest' },
    },
  })
  const [name, ...more] = positionals
  if (more.length > 0 || (name === undefined) === (values.graph === undefined)) {
    throw new UsageError('plan takes either --graph FILE or one image name')
  }
  if (name !== undefined) return planOfImage(name, values.tag)
  const budget = Number(values.budget)
  if (!Number.isInteger(budget) || budget < 1) throw new UsageError(`--budget takes a whole number from 1`)
  return planOfGraph(values.graph ?? '', values.popularity, budget)
}

async function planOfGraph(
  file: string,
  popularityFile: string | undefined,
  budget: number,
): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InvalidData(`the graph ${file} cannot be read`, { cause })
  })
  const popularity =
    popularityFile === undefined
      ? noPopularity
      : await readPopularity(popularityFile, AbortSignal.timeout(60_000))
  return planAsJson(strategies.dominators(parseReferenceGraph(text), popularity.counts, budget))
}

async function planOfImage(name: string, tag: string): Promise<string> {
  const request = parseImageName(name)
  const config = readConfig()
  const { source, maker, packer } = await wire(config, createLogger('silent'))
  try {
    const run = {
      signal: new AbortController().signal,
      onEvent: () => undefined,
    }
    const revision = await source.pin(tag, run)
    const order = { request, revision, architecture: request.architecture ?? config.NIXERY_PLATFORMS[0] }
    return planAsTable(await maker.plan(order, run))
  } finally {
    await packer.close()
  }
}

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { InvalidData } from '../errors.ts'
import { decodeLayerTable, type LayerTable } from '../layers/layerTable.ts'
import { parsePopularity, type PopularityData } from '../layers/popularity.ts'

/** Popularity data from a file path, `file:`, `http:` or `https:` address. @throws InvalidData, or the signal's reason */
export async function readPopularity(location: string, signal: AbortSignal): Promise<PopularityData> {
  return parsePopularity(await readText('popularity data', location, signal), location)
}

/** A layer table from where `readPopularity` reads too. @throws InvalidData, or the signal's reason */
export async function readLayerTable(location: string, signal: AbortSignal): Promise<LayerTable> {
  const text = await readText('a layer table', location, signal)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InvalidData(`the layer table (${location}) is not JSON`, { cause })
  }
  return decodeLayerTable(value, location)
}

async function readText(what: string, location: string, signal: AbortSignal): Promise<string> {
  try {
    if (!/^https?:/i.test(location)) {
      return await readFile(/^file:/i.test(location) ? fileURLToPath(location) : location, {
        encoding: 'utf8',
        signal,
      })
    }
    const response = await fetch(location, { signal })
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`)
    return await response.text()
  } catch (error) {
    signal.throwIfAborted()
    const why = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new InvalidData(`${what} (${location}) cannot be read: ${String(why)}`, { cause: error })
  }
}

import { InvalidData } from '../errors.ts'
import { decodeLayerTable, type LayerTable } from '../layers/layerTable.ts'
import { parsePopularity, type PopularityData } from '../layers/popularity.ts'
import { readOnce } from './download.ts'

/** Milliseconds that reading may take. */
const patience = 60_000

/**
 * Popularity data from a file path, `file:`, `http:` or `https:` address.
 * @throws InvalidData, or the signal's reason
 */
export async function readPopularity(location: string, signal?: AbortSignal): Promise<PopularityData> {
  return parsePopularity(await readText('popularity data', location, signal), location)
}

/** A layer table from where `readPopularity` reads too. @throws InvalidData, or the signal's reason */
export async function readLayerTable(location: string, signal?: AbortSignal): Promise<LayerTable> {
  const text = await readText('a layer table', location, signal)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InvalidData(`the layer table (${location}) is not JSON`, { cause })
  }
  return decodeLayerTable(value, location)
}

async function readText(what: string, location: string, signal?: AbortSignal): Promise<string> {
  const late = new AbortController()
  // Unlike that of `AbortSignal.timeout`, this timer can be cleared.
  const timer = setTimeout(() => late.abort(new Error(`it took longer than ${patience / 1000} s`)), patience)
  try {
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal
    return (await readOnce(location, either)).toString('utf8')
  } catch (error) {
    signal?.throwIfAborted()
    const why = error instanceof Error ? error.message : String(error)
    throw new InvalidData(`${what} (${location}) cannot be read: ${why}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { InvalidData } from '../errors.ts'
import { parsePopularity, type PopularityData } from './popularity.ts'

/** Popularity data from a file path, `file:`, `http:` or `https:` address. @throws InvalidData, or the signal's reason */
export async function readPopularity(location: string, signal: AbortSignal): Promise<PopularityData> {
  return parsePopularity(await readText(location, signal), location)
}

async function readText(location: string, signal: AbortSignal): Promise<string> {
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
    throw new InvalidData(`popularity data (${location}) cannot be read: ${String(why)}`, { cause: error })
  }
}

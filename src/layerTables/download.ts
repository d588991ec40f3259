import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { InvalidData } from '../errors.ts'
import { isMissing } from '../work/errno.ts'

/** Times that something is asked for before its fault is final; the pauses (ms) between double. */
const attempts = 5
const firstPause = 500

/**
 * The bytes at a file path, `file:`, `http:` or `https:` address; undefined where there is nothing. What may pass by
 * itself (no connection, 429, 5xx) is tried again.
 * @throws InvalidData, or the signal's reason
 */
export async function download(location: string, signal: AbortSignal): Promise<Buffer | undefined> {
  if (!/^https?:/i.test(location)) return readLocal(location, signal)
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(location, { signal })
      if (response.ok) return Buffer.from(await response.arrayBuffer())
      await response.body?.cancel()
      // Object stores without the right to list answer 403 for what is not there.
      if (response.status === 404 || response.status === 403) return undefined
      if (response.status < 500 && response.status !== 429) {
        throw new InvalidData(`${location} cannot be read: the server answered ${response.status}`)
      }
      throw new Error(`the server answered ${response.status}`)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof InvalidData) throw error
      if (attempt === attempts) {
        const why = error instanceof Error && error.cause instanceof Error ? error.cause : error
        throw new InvalidData(`${location} cannot be read: ${String(why)}`, { cause: error })
      }
      await sleep(firstPause * 2 ** (attempt - 1), undefined, { signal })
    }
  }
}

async function readLocal(location: string, signal: AbortSignal): Promise<Buffer | undefined> {
  try {
    return await readFile(/^file:/i.test(location) ? fileURLToPath(location) : location, { signal })
  } catch (cause) {
    signal.throwIfAborted()
    if (isMissing(cause)) return undefined
    throw new InvalidData(`${location} cannot be read`, { cause })
  }
}

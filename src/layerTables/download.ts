import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { InvalidData } from '../errors.ts'
import { isMissing } from '../work/errno.ts'

/** Times that something is asked for before its fault is final; the pauses (ms) between double. */
const attempts = 5
const firstPause = 500

/** Why a location could not be read. */
class Unreadable extends Error {
  /** Whether nothing is there, it may pass by itself (no connection, 429, 5xx), or neither. */
  readonly kind: 'absent' | 'passing' | 'lasting'
  constructor(kind: Unreadable['kind'], why: unknown) {
    super(String(why), { cause: why })
    this.kind = kind
  }
}

/**
 * The bytes at a file path, `file:`, `http:` or `https:` address. Asks for them once.
 * @throws Unreadable, or the signal's reason
 */
export async function readOnce(location: string, signal: AbortSignal): Promise<Buffer> {
  try {
    return /^https?:/i.test(location) ? await ask(location, signal) : await readLocal(location, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/**
 * The bytes at a location that `readOnce` can read; undefined if there is nothing. A fault that may pass by
 * itself is tried again.
 * @throws InvalidData, or the signal's reason
 */
export async function download(location: string, signal: AbortSignal): Promise<Buffer | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(location, signal)
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      if (error.kind === 'absent') return undefined
      if (error.kind === 'lasting' || attempt === attempts) {
        throw new InvalidData(`${location} cannot be read: ${error.message}`, { cause: error })
      }
      await sleep(firstPause * 2 ** (attempt - 1), undefined, { signal })
    }
  }
}

async function readLocal(location: string, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readFile(/^file:/i.test(location) ? fileURLToPath(location) : location, { signal })
  } catch (cause) {
    throw new Unreadable(isMissing(cause) ? 'absent' : 'lasting', cause)
  }
}

async function ask(location: string, signal: AbortSignal): Promise<Buffer> {
  try {
    const response = await fetch(location, { signal })
    if (response.ok) return Buffer.from(await response.arrayBuffer())
    await response.body?.cancel()
    throw refusal(response)
  } catch (error) {
    if (error instanceof Unreadable) throw error
    // The cause says more: fetch itself says that it failed.
    throw new Unreadable(
      'passing',
      error instanceof Error && error.cause instanceof Error ? error.cause : error,
    )
  }
}

function refusal({ status, statusText }: Response): Unreadable {
  const why = `the server answered ${status} ${statusText}`.trimEnd()
  // Object stores without the right to list answer 403 for what is not there.
  if (status === 404 || status === 403) return new Unreadable('absent', why)
  return new Unreadable(status >= 500 || status === 429 ? 'passing' : 'lasting', why)
}

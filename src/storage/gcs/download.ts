import type { Storage as Client } from '@google-cloud/storage'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { setTimeout } from 'node:timers/promises'
import type { Bounds } from '../bucket/bucket.ts'

/**
 * How often a download is tried, and milliseconds before the second try. Each pause is twice the one before.
 */
const attempts = 4
const firstPause = 250
/** Milliseconds until the answer begins. */
const patience = 30_000

/** An answer without content. `code` is its status, as in the client's own errors. */
class Refused extends Error {
  readonly code: number
  constructor(code: number, text: string) {
    super(text)
    this.code = code
  }
}

/**
 * Downloads an object with the client's credentials. The client's own download keeps a connection for seconds
 * after its reader has left, while others wait for it.
 * @throws Refused, or the connection's error
 */
export async function download(
  client: Client,
  bucket: string,
  name: string,
  bounds: Bounds | undefined,
): Promise<Readable> {
  const url = `${client.baseUrl}/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}?alt=media`
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(url, await headersFor(client, url, bounds))
    } catch (error) {
      if (attempt === attempts || !isPassing(error)) throw error
      await setTimeout(firstPause * 2 ** (attempt - 1))
    }
  }
}

async function ask(url: string, headers: Headers): Promise<Readable> {
  const late = new AbortController()
  const timer = globalThis.setTimeout(() => late.abort(new Error('no answer in time')), patience)
  try {
    const answer = await fetch(url, { headers, signal: late.signal })
    if (!answer.ok || !answer.body) throw new Refused(answer.status, await answer.text())
    // Web streams have two declarations, which TypeScript takes for different types.
    return Readable.fromWeb(answer.body as ReadableStream<Uint8Array>)
  } finally {
    clearTimeout(timer)
  }
}

/** Requests to an emulator carry no credentials, as in the client. */
async function headersFor(client: Client, url: string, bounds: Bounds | undefined): Promise<Headers> {
  const headers = client.customEndpoint ? new Headers() : await client.authClient.getRequestHeaders(url)
  headers.set('accept-encoding', 'identity')
  if (bounds) headers.set('range', `bytes=${bounds.start}-${bounds.end}`)
  return headers
}

/** Whether it is worth trying again. */
function isPassing(error: unknown): boolean {
  return !(error instanceof Refused) || error.code === 408 || error.code === 429 || error.code >= 500
}

import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { getCACertificates } from 'node:tls'
import { SourceFailed } from '../errors.ts'
import { proxyEnvironment } from '../process/proxies.ts'
import { withoutSecrets } from '../work/redact.ts'
import type { Credentials } from './address.ts'

/** Redirects that are followed. A forge needs one. */
const mostRedirects = 5
/** Milliseconds in which a server that sends nothing counts as failed. */
const longestSilence = 60_000

/** A server that does not give what it was asked for. */
export class DownloadRefused extends SourceFailed {
  /** Of HTTP. */
  readonly status: number
  constructor(address: string, status: number) {
    super(`the server answered ${status} to ${withoutSecrets(address)}`)
    this.status = status
  }

  /** Whether the address or its credentials are wrong, so that asking again does not help. */
  get isLasting(): boolean {
    return [400, 401, 403, 404, 405, 410].includes(this.status)
  }
}

interface DownloadOptions {
  /** Shown to the server of the address alone, not to those that it redirects to. */
  readonly credentials?: Credentials | undefined
  /** Bytes at most. */
  readonly most: number
  readonly signal: AbortSignal
}

/** What was downloaded: `size` in bytes, `sha256` in hex, and what the server says that it is. */
interface Downloaded {
  readonly size: number
  readonly sha256: string
  readonly contentType: string
}

/**
 * Writes what an address of the web has to a file. Proxies are those of the environment (`https_proxy`),
 * trusted certificates are those of Node and of the machine.
 * @throws DownloadRefused, SourceFailed, the signal's reason; what is in the file is of no use then
 */
export async function download(address: string, file: string, options: DownloadOptions): Promise<Downloaded> {
  const { most, signal } = options
  try {
    const response = await request(new URL(address), options)
    if (Number(response.headers['content-length'] ?? 0) > most) {
      response.destroy()
      throw tooLarge(address, most)
    }
    const hash = createHash('sha256')
    let size = 0
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length
        hash.update(chunk)
        if (size > most) done(tooLarge(address, most))
        else done(null, chunk)
      },
    })
    await pipeline(response, measure, createWriteStream(file), { signal })
    return { size, sha256: hash.digest('hex'), contentType: response.headers['content-type'] ?? 'unknown' }
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof SourceFailed) throw cause
    const why = withoutSecrets(cause instanceof Error ? cause.message : String(cause))
    throw new SourceFailed(`${withoutSecrets(address)} cannot be downloaded: ${why}`, { cause })
  }
}

/** The answer that has the content, which is not read yet. */
async function request(start: URL, options: DownloadOptions): Promise<http.IncomingMessage> {
  let address = start
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    // Credentials are for whom the operator named.
    const credentials = address.origin === start.origin ? options.credentials : undefined
    const response = await get(address, credentials, options.signal)
    const status = response.statusCode ?? 0
    if (status === 200) return response
    response.destroy()
    const location = response.headers.location
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined)
      throw new DownloadRefused(start.href, status)
    address = redirected(address, location)
  }
  throw new SourceFailed(`${withoutSecrets(start.href)} is redirected more than ${mostRedirects} times`)
}

/** @throws SourceFailed if it leads away from the web, or from what is encrypted to what is not */
function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined
  const allowed = from.protocol === 'https:' ? ['https:'] : ['http:', 'https:']
  if (to && allowed.includes(to.protocol)) {
    to.username = ''
    to.password = ''
    return to
  }
  throw new SourceFailed(
    `${withoutSecrets(from.href)} is redirected to '${withoutSecrets(location)}', which is not allowed`,
  )
}

async function get(
  address: URL,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const headers = { 'user-agent': 'nixery', accept: '*/*', ...(credentials ? basic(credentials) : {}) }
  const common = { headers, signal, timeout: longestSilence }
  const sent =
    address.protocol === 'https:'
      ? https.get(address, { ...common, agent: secureAgent() })
      : http.get(address, { ...common, agent: new http.Agent({ proxyEnv: proxyEnvironment() }) })
  sent.on('response', resolve)
  sent.on('error', reject)
  sent.on('timeout', () => sent.destroy(new Error(`the server sent nothing for ${longestSilence / 1000} s`)))
  return promise
}

/** Forges in companies have certificates that only the machine knows, as git and Nix do. */
function secureAgent(): https.Agent {
  const ca = [...getCACertificates('default'), ...getCACertificates('system')]
  return new https.Agent({ proxyEnv: proxyEnvironment(), ca })
}

function basic({ username, password }: Credentials): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

function tooLarge(address: string, most: number): SourceFailed {
  return new SourceFailed(
    `${withoutSecrets(address)} has more than ${Math.round(most / 2 ** 20)} MiB, which is too much for a package set`,
  )
}

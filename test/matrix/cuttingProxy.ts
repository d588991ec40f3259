import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'

/** How a client got a blob whose download was cut. */
export type Resumption = 'range' | 'again' | 'none'

export interface CuttingProxy {
  /** `http://127.0.0.1:PORT` */
  readonly address: string
  /** How the blob that was cut was asked for afterwards; undefined when nothing was cut. */
  resumption(): Resumption | undefined
  stop(): void
}

/**
 * Bytes of a blob that is worth to be resumed: some clients give up where less than 1 MB came before the cut.
 */
const bigBlob = 8_000_000

/** Passes all on to a server, but cuts the first answer with a big blob in its middle. */
export async function startCuttingProxy(server: string): Promise<CuttingProxy> {
  let cut: string | undefined
  const later: (string | undefined)[] = []
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = 'GET', url = '/', headers } = incoming
    if (cut === url && method === 'GET') later.push(headers.range)
    const passing = forward(`${server}${url}`, { method, headers }, (response) => {
      if (outgoing.destroyed) {
        response.destroy()
        return
      }
      const size = Number(response.headers['content-length'])
      const isToBeCut = cut === undefined && method === 'GET' && url.includes('/blobs/') && size >= bigBlob
      if (isToBeCut) cut = url
      outgoing.writeHead(response.statusCode ?? 502, response.statusMessage, response.headers)
      let passed = 0
      response.on('data', (chunk: Buffer) => {
        if (isToBeCut && passed > size / 2) {
          outgoing.destroy()
          response.destroy()
          return
        }
        passed += chunk.length
        if (!outgoing.write(chunk)) {
          response.pause()
          outgoing.once('drain', () => response.resume())
        }
      })
      response.on('end', () => outgoing.end())
      response.on('error', () => outgoing.destroy())
      outgoing.on('close', () => response.destroy())
    })
    passing.on('error', () => outgoing.destroy())
    incoming.pipe(passing)
  }
  const proxy = createServer(answer).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const at = proxy.address()
  if (at === null || typeof at === 'string') throw new Error('the proxy has no port')
  return {
    address: `http://127.0.0.1:${at.port}`,
    resumption: () => {
      if (cut === undefined) return undefined
      if (later.some((range) => range !== undefined && !range.startsWith('bytes=0-'))) return 'range'
      return later.length > 0 ? 'again' : 'none'
    },
    stop: () => {
      proxy.close()
      proxy.closeAllConnections()
    },
  }
}

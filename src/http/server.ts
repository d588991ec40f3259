import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import { redact } from '../work/redact.ts'
import { answerTo, errorBody, RequestError } from './errors.ts'
import { registerHealth } from './health.ts'
import { MalformedRequests } from './malformedRequests.ts'
import { registerMetrics } from './metrics.ts'
import type { HttpParts } from './parts.ts'
import { limitRequests } from './requestLimit.ts'
import { nothingAt, registerRegistry, registryHeaders } from './registry.ts'
import type { TlsPair } from './tlsFiles.ts'
import { registerTokens } from './tokenRoute.ts'

/**
 * Milliseconds. Proxies keep idle connections open for a minute, and the server must not close them first.
 */
const keepAlive = 75_000

/** The registry's HTTP server. It does not listen yet. */
export function createServer(parts: HttpParts): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = parts.logger
  const malformed = new MalformedRequests(parts.logger)
  const options = {
    loggerInstance,
    clientErrorHandler: (error: Error, socket: Duplex) => malformed.answer(error, socket),
    // One line per request would bury the lines of builds. Faults are logged below.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: [...parts.trustedProxies],
    keepAliveTimeout: keepAlive,
    // Idle connections are closed when the server stops.
    forceCloseConnections: 'idle' as const,
    // No path is too long for the router: Node refuses headers of more than 16 KiB.
    routerOptions: { maxParamLength: 16_384 },
    exposeHeadRoutes: false,
    // A request may have a whole URL (RFC 9112, 3.2.2).
    rewriteUrl: ({ url = '/' }: { readonly url?: string | undefined }) =>
      url.replace(/^https?:\/\/[^/?]*/i, ''),
    // A badly encoded path gets here before any hook.
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) =>
      void sendError(reply, request, nothingAt(request.url).answer),
  }
  const server = listenBy(options, parts.tls)
  server.server.on('request', (request, response) => malformed.validRequest(request.socket, response))
  server.addHook('onRequest', ({ raw }, _reply, done) => done(faultOf(raw)))
  if (parts.requestsPerMinute !== undefined) limitRequests(server, parts.requestsPerMinute)
  server.setErrorHandler((error, request, reply) => {
    const answer = answerTo(error)
    parts.audit.failed(request, error)
    if (answer.status >= 500) request.log.error({ err: error, url: request.url }, 'request failed')
    else
      request.log.info({ url: request.url, status: answer.status, fault: answer.message }, 'request refused')
    return sendError(reply, request, answer)
  })
  server.setNotFoundHandler((request, reply) => sendError(reply, request, nothingAt(request.url).answer))
  registerHealth(server, parts.checks, { details: !parts.operatorPort })
  if (!parts.operatorPort) registerMetrics(server, parts.metrics)
  registerRegistry(server, parts)
  if (parts.gate) registerTokens(server, parts.gate.access)
  return server
}

/** Node's own answer to a missing host has no body. */
const http = { requireHostHeader: false }

/** Routes are the same with and without TLS, whatever the compiler calls them. */
function listenBy(options: FastifyServerOptions, tls: TlsPair | undefined): FastifyInstance {
  if (!tls) return fastify({ ...options, http })
  const secure = { ...options, https: { ...http, ...tls } } as FastifyServerOptions
  return fastify(secure)
}

/** What Node lets pass although proxies in front may read it in another way (RFC 9112, 2.3 and 3.2). */
function faultOf({ httpVersion, rawHeaders }: IncomingMessage): RequestError | undefined {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return badRequest(`HTTP/${httpVersion} is not spoken here`)
  if (hosts > 1) return badRequest('a request has to name one host, not several')
  if (hosts === 0 && httpVersion === '1.1') return badRequest('a request of HTTP/1.1 has to name its host')
  return undefined
}

function badRequest(message: string): RequestError {
  return new RequestError({ status: 400, code: 'BAD_REQUEST', message })
}

/** Headers that describe content. An error has none. */
const ofContent = ['etag', 'docker-content-digest', 'content-encoding', 'content-range', 'accept-ranges']

function sendError(
  reply: FastifyReply,
  { url, method }: FastifyRequest,
  answer: ReturnType<typeof answerTo>,
): FastifyReply {
  const bytes = Buffer.from(JSON.stringify(errorBody(answer)))
  for (const name of ofContent) reply.removeHeader(name)
  void reply.code(answer.status).headers({
    ...registryHeaders(url),
    ...answer.headers,
    'content-type': 'application/json',
    // What is missing or broken now may work the next time.
    'cache-control': 'no-store',
  })
  reply.raw.statusMessage = reasonPhrase(answer.message)
  if (method !== 'HEAD') return reply.send(bytes)
  return reply.header('content-length', bytes.length).send()
}

/** Characters. Proxies accept lines of some kilobytes, but people read only some dozens of words. */
const longestPhrase = 250

/**
 * The reason in the status line (RFC 9112, 4), for clients that never show a body. containerd asks with HEAD.
 * For a 5xx, docker, podman and skopeo print the status line.
 */
function reasonPhrase(message: string): string {
  const line = redact(message.replaceAll(/[^ -~]+/g, ' ').trim())
  return line.length > longestPhrase ? `${line.slice(0, longestPhrase)}...` : line
}

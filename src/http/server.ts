import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { BlobUnknown } from '../errors.ts'
import { answerTo, errorBody, RequestError } from './errors.ts'
import { registerHealth } from './health.ts'
import { forget } from './manifests.ts'
import { MalformedRequests } from './malformedRequests.ts'
import { registerMetrics } from './metrics.ts'
import type { HttpParts } from './parts.ts'
import { nothingAt, registerRegistry, registryHeaders } from './registry.ts'

/** Proxies keep connections open for a minute: the server must not be the first to close one (ms). */
const keepAlive = 75_000

/** The registry's HTTP face. It listens when it is told to. */
export function createServer(parts: HttpParts): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = parts.logger
  const malformed = new MalformedRequests(parts.logger)
  const server = fastify({
    loggerInstance,
    clientErrorHandler: (error, socket) => malformed.answer(error, socket),
    // Node's own answer to a missing host has no body.
    http: { requireHostHeader: false },
    // A line a request would bury the builds' lines; faults are logged below.
    logController: new LogController({ disableRequestLogging: true }),
    keepAliveTimeout: keepAlive,
    // Connections that wait for nothing are closed when the server stops.
    forceCloseConnections: 'idle',
    // No path is too long for the router: Node takes no headers of more than 16 KiB.
    routerOptions: { maxParamLength: 16_384 },
    exposeHeadRoutes: false,
    // A request may name its whole URL (RFC 9112, 3.2.2).
    rewriteUrl: ({ url = '/' }) => url.replace(/^https?:\/\/[^/?]*/i, ''),
    // A path that is not well encoded gets here before any hook.
    frameworkErrors: (_error, request, reply) =>
      void sendError(reply, request, nothingAt(request.url).answer),
  })
  server.server.on('request', (request, response) => malformed.validRequest(request.socket, response))
  server.addHook('onRequest', ({ raw: { headers, httpVersion } }, _reply, done) =>
    done(headers.host === undefined && httpVersion === '1.1' ? withoutHost : undefined),
  )
  server.setErrorHandler((error, request, reply) => {
    if (error instanceof BlobUnknown) forget(parts, error)
    const answer = answerTo(error)
    if (answer.status >= 500) request.log.error({ err: error, url: request.url }, 'request failed')
    else
      request.log.info({ url: request.url, status: answer.status, fault: answer.message }, 'request refused')
    return sendError(reply, request, answer)
  })
  server.setNotFoundHandler((request, reply) => sendError(reply, request, nothingAt(request.url).answer))
  registerHealth(server, parts.checks)
  registerMetrics(server, parts.metrics)
  registerRegistry(server, parts)
  return server
}

/** RFC 9112, 3.2. */
const withoutHost = new RequestError({
  status: 400,
  code: 'BAD_REQUEST',
  message: 'a request of HTTP/1.1 has to name its host',
})

/** Headers that tell of content, which an error answer has not. */
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
    // What is missing or broken now may be there the next time.
    'cache-control': 'no-store',
  })
  reply.raw.statusMessage = reasonPhrase(answer.message)
  if (method !== 'HEAD') return reply.send(bytes)
  return reply.header('content-length', bytes.length).send()
}

/** Characters: proxies take lines of some kilobytes, people of some dozens of words. */
const longestPhrase = 250

/**
 * The reason where it also reaches those who never see a body (RFC 9112, 4): containerd, which asks with HEAD, and for
 * a 5xx docker, podman and skopeo print the line of the status.
 */
function reasonPhrase(message: string): string {
  const line = message.replaceAll(/[^ -~]+/g, ' ').trim()
  return line.length > longestPhrase ? `${line.slice(0, longestPhrase)}...` : line
}

import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
} from 'fastify'
import { answerTo, errorBody } from './errors.ts'
import { registerHealth } from './health.ts'
import type { HttpParts } from './parts.ts'
import { registerRegistry } from './registry.ts'

/** Proxies keep connections open for a minute: the server must not be the first to close one (ms). */
const keepAlive = 75_000

/** The registry's HTTP face. It listens when it is told to. */
export function createServer(parts: HttpParts): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = parts.logger
  const server = fastify({
    loggerInstance,
    // A line a request would bury the builds' lines; faults are logged below.
    logController: new LogController({ disableRequestLogging: true }),
    keepAliveTimeout: keepAlive,
    // Connections that wait for nothing are closed when the server stops.
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 8192 },
    exposeHeadRoutes: false,
  })
  server.setErrorHandler((error, request, reply) => {
    const answer = answerTo(error)
    if (answer.status >= 500) request.log.error({ err: error, url: request.url }, 'request failed')
    else
      request.log.info({ url: request.url, status: answer.status, fault: answer.message }, 'request refused')
    return sendError(reply, request.method, answer)
  })
  server.setNotFoundHandler((request, reply) =>
    sendError(reply, request.method, {
      status: 404,
      code: 'NOT_FOUND',
      message: `there is nothing at ${request.url}`,
    }),
  )
  registerHealth(server, parts.checks)
  registerRegistry(server, parts)
  return server
}

function sendError(reply: FastifyReply, method: string, answer: ReturnType<typeof answerTo>): FastifyReply {
  const bytes = Buffer.from(JSON.stringify(errorBody(answer)))
  void reply.code(answer.status).headers({ ...answer.headers, 'content-type': 'application/json' })
  if (method !== 'HEAD') return reply.send(bytes)
  return reply.header('content-length', bytes.length).send()
}

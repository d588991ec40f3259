import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { registerHealth } from './health.ts'
import { registerMetrics } from './metrics.ts'
import type { HttpParts } from './parts.ts'

/**
 * A server for operators on a port of its own: metrics, and what `/readyz` checks. It does not listen yet.
 */
export function createOperatorServer({ logger, checks, metrics }: HttpParts): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = logger
  const server = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  })
  registerHealth(server, checks)
  registerMetrics(server, metrics)
  return server
}

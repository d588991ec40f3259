import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { TooManyRequests } from '../errors.ts'
import { networkOf } from './clientKey.ts'

/** Probes of a machine that runs many servers come from one address. */
const unlimited: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/**
 * Bounds the requests of an address, before anything else is done for them.
 * @param perMinute requests that an address may send in a minute
 */
export function limitRequests(server: FastifyInstance, perMinute: number): void {
  void server.register(rateLimit, { global: false })
  let check: ReturnType<FastifyInstance['createRateLimit']> | undefined
  server.addHook('onRequest', async (request) => {
    if (unlimited.has(request.url)) return
    check ??= server.createRateLimit({
      max: perMinute,
      timeWindow: '1 minute',
      keyGenerator: ({ ip }) => networkOf(ip),
    })
    const limit = await check(request)
    if (limit.isAllowed || !limit.isExceeded) return
    throw new TooManyRequests(
      `more than ${perMinute} requests in a minute came from your address`,
      limit.ttlInSeconds,
    )
  })
}

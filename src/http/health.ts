import type { FastifyInstance } from 'fastify'

/**
 * Something that the server needs. The check rejects with the reason if it does not work, and may answer with
 * what an operator wants to know.
 */
export interface ReadinessCheck {
  readonly name: string
  readonly check: () => Promise<string | void>
}

/**
 * `/healthz` answers that the process runs. `/readyz` answers whether it can build and serve, or what is
 * missing.
 */
export function registerHealth(server: FastifyInstance, checks: readonly ReadinessCheck[]): void {
  server.route({ method: ['GET', 'HEAD'], url: '/healthz', handler: async () => ({ status: 'ok' }) })
  const remembered = checks.map(({ name, check }) => ({ name, check: rememberFor(check, rememberedFor) }))
  server.get('/readyz', async (_request, reply) => {
    const results = await Promise.all(
      remembered.map(async ({ name, check }) => {
        try {
          const says = await check()
          return { name, ok: true, ...(typeof says === 'string' ? { says } : {}) }
        } catch (error) {
          return { name, ok: false, why: error instanceof Error ? error.message : String(error) }
        }
      }),
    )
    const ready = results.every(({ ok }) => ok)
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'not ready', checks: results })
  })
}

/**
 * Milliseconds for which the result of a check is used again, so that nobody can keep the server busy by
 * asking.
 */
const rememberedFor = 2_000

function rememberFor(check: ReadinessCheck['check'], milliseconds: number): ReadinessCheck['check'] {
  let last: { readonly result: Promise<string | void>; readonly until: number } | undefined
  return () => {
    if (!last || performance.now() > last.until) {
      last = { result: check(), until: performance.now() + milliseconds }
    }
    return last.result
  }
}

import type { FastifyInstance } from 'fastify'

/** Something that the server cannot work without. The check rejects, with a reason, when it is not there. */
export interface ReadinessCheck {
  readonly name: string
  readonly check: () => Promise<void>
}

/** `/healthz`: the process lives. `/readyz`: it can build and serve, or what is missing. */
export function registerHealth(server: FastifyInstance, checks: readonly ReadinessCheck[]): void {
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const results = await Promise.all(
      checks.map(async ({ name, check }) => {
        try {
          await check()
          return { name, ok: true }
        } catch (error) {
          return { name, ok: false, why: error instanceof Error ? error.message : String(error) }
        }
      }),
    )
    const ready = results.every(({ ok }) => ok)
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'not ready', checks: results })
  })
}

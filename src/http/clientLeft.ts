import type { FastifyReply } from 'fastify'
import { ClientLeft } from '../errors.ts'

/** Aborted when the client closes the connection before it has the answer. */
export function leftSignal({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) left.abort(new ClientLeft())
  })
  return left.signal
}

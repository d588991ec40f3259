import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'

export interface Head {
  readonly status: number
  readonly headers: Readonly<OutgoingHttpHeaders>
}

/**
 * Sends a body whose chunks are good only until the next one is asked for: that is when the socket has taken them.
 * Fulfilled when the answer is over, in whatever way; a body that breaks off ends the connection, so that nobody takes
 * it for whole. Without a first chunk nothing is sent. @throws what the first chunk does
 */
export async function sendChunks(
  chunks: AsyncGenerator<Buffer, void>,
  { status, headers }: Head,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  let chunk = await chunks.next()
  const { raw } = reply.code(status).headers(headers).hijack()
  try {
    const write = writerTo(raw)
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) raw.setHeader(name, value)
    }
    while (chunk.done !== true && (await write(chunk.value))) chunk = await chunks.next()
    if (chunk.done === true) raw.end()
  } catch (error) {
    request.log.error({ err: error, url: request.url }, 'an answer broke off')
    raw.destroy()
  } finally {
    await chunks.return()
  }
  return reply
}

/** Writes, and tells when the socket needs the bytes no more, and whether there will be more: not after a client left. */
function writerTo(raw: ServerResponse): (bytes: Buffer) => Promise<boolean> {
  let settle: ((goesOn: boolean) => void) | undefined
  // Of what is written on a connection that has just ended nobody hears.
  raw.once('close', () => settle?.(false))
  return (bytes) =>
    new Promise((resolve) => {
      if (raw.destroyed) return resolve(false)
      settle = resolve
      raw.write(bytes, (error) => resolve(!error))
    })
}

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'

export interface Head {
  readonly status: number
  readonly headers: Readonly<OutgoingHttpHeaders>
}

/**
 * Sends a body whose chunks are valid only until the next one is read. So the next one is read only when the
 * socket has taken the chunk. Fulfilled when the answer has ended, in whatever way. If the body breaks off,
 * the connection is closed, so that no client takes the answer for complete. If the first chunk fails,
 * nothing is sent.
 * @throws the error of the first chunk
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

/**
 * Returns a function that writes and waits until the socket does not need the bytes any more. Its result is
 * false if the client has left.
 */
function writerTo(raw: ServerResponse): (bytes: Buffer) => Promise<boolean> {
  let settle: ((goesOn: boolean) => void) | undefined
  // If a connection has just ended, the callback of a write is never called.
  raw.once('close', () => settle?.(false))
  return (bytes) =>
    new Promise((resolve) => {
      if (raw.destroyed) return resolve(false)
      settle = resolve
      raw.write(bytes, (error) => resolve(!error))
    })
}

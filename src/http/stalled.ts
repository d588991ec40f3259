import type { FastifyReply } from 'fastify'

/** Milliseconds. A client that takes nothing for longer is gone. */
const patience = 120_000

/**
 * Ends the connection of a client that stops reading an answer, because data that waits for it takes up
 * memory.
 */
export function endWhenStalled({ raw }: FastifyReply): void {
  const { socket } = raw
  if (!socket) return
  const end = () => socket.destroy()
  socket.setTimeout(patience, end)
  raw.once('close', () => {
    socket.off('timeout', end)
    // The connection may be idle until its next request.
    socket.setTimeout(0)
  })
}

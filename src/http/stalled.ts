import type { FastifyReply } from 'fastify'

/** Milliseconds in which a client has to take something: longer pauses are those of one that is gone. */
const patience = 120_000

/** Ends the connection of a client that stops reading an answer; what is read ahead for it costs memory. */
export function endWhenStalled({ raw }: FastifyReply): void {
  const { socket } = raw
  if (!socket) return
  const end = () => socket.destroy()
  socket.setTimeout(patience, end)
  raw.once('close', () => {
    socket.off('timeout', end)
    // The connection may wait for its next request.
    socket.setTimeout(0)
  })
}

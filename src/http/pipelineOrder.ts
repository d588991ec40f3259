import type { ServerResponse } from 'node:http'

/**
 * Waits until all earlier answers on the same connection are sent (RFC 9112, 9.3.2). What is read or
 * compressed before that only takes up memory. @returns whether the client is still there
 */
export function awaitPipelineOrder(raw: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    if (raw.destroyed || raw.socket) return resolve(!raw.destroyed)
    raw.once('socket', () => resolve(true))
    raw.once('close', () => resolve(false))
  })
}

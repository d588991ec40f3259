import type { ServerResponse } from 'node:http'

/**
 * Waits until the answers before this one on its connection are sent (RFC 9112, 9.3.2): what is read or compressed
 * sooner only lies in memory. @returns whether the client is still there
 */
export function turnOf(raw: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    if (raw.destroyed || raw.socket) return resolve(!raw.destroyed)
    raw.once('socket', () => resolve(true))
    raw.once('close', () => resolve(false))
  })
}

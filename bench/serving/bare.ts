import { fork } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { beside } from '../beside.ts'

/** A server that answers everything with the same bytes, in a process of its own. */
export async function startBareServer(headers: Readonly<Record<string, string>>, body: string) {
  const child = fork(beside(import.meta.url, 'bareServer'), [JSON.stringify({ headers, body })])
  const [message] = await once(child, 'message')
  const { port } = z.object({ port: z.number() }).parse(message)
  return { address: `http://127.0.0.1:${port}`, pid: child.pid ?? -1, stop: () => child.kill() }
}

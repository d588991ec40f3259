import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { beside } from '../beside.ts'
import { inChild } from '../child.ts'

export interface Load {
  /** `http://HOST:PORT` */
  readonly address: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
}

const loaded = z.object({
  wall: z.number(),
  requests: z.number(),
  bytes: z.number(),
  /** Milliseconds from request to the last byte. */
  p50: z.number(),
  p99: z.number(),
})

export type Loaded = z.infer<typeof loaded>

/** Seconds for which a server gets the load before it is measured: what runs often is compiled by then. */
const warmUp = 1

/**
 * Puts a load on a server, from a process of its own; tells the CPU seconds of the server's processes beside.
 */
export async function underLoad(
  load: Load,
  pids: readonly number[],
): Promise<Loaded & { readonly cpu: number }> {
  const program = beside(import.meta.url, 'load')
  await inChild(program, { ...load, seconds: warmUp })
  const before = cpuSeconds(pids)
  const result = loaded.parse(await inChild(program, load))
  return { ...result, cpu: cpuSeconds(pids) - before }
}

/** Clock ticks in a second, on every Linux that Node runs on. */
const ticks = 100

/** User and system time of processes with all their threads (proc(5), `utime` and `stime`). */
function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return sum + (Number(fields[11]) + Number(fields[12])) / ticks
  }, 0)
}

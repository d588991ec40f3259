import { fork } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { serverVariables } from '../../test/support/variables.ts'
import { beside } from '../beside.ts'

const reading = z.object({
  wall: z.number(),
  cpu: z.number(),
  main: z.object({ p99: z.number(), late: z.number(), busy: z.number() }),
  peak: z.number(),
  files: z.object({ opened: z.number(), looked: z.number() }),
})

/** What a server cost since it was last told to restart its counting; `peak` since it began. */
export type Reading = z.infer<typeof reading>

export interface BenchServer {
  readonly address: string
  readonly pid: number
  /** Seconds from the start of the process until it listened. */
  readonly starting: number
  restart(): Promise<void>
  read(): Promise<Reading>
  stop(): Promise<void>
}

/**
 * Starts a server in a process of its own, on the demo set. @param folder for storage and state: one that was
 * used before is warm
 */
export async function startBenchServer(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const start = performance.now()
  const child = fork(beside(import.meta.url, 'benchServer'), {
    env: {
      ...process.env,
      ...serverVariables(folder),
      NIXERY_LOG_LEVEL: 'error',
      ...variables,
    },
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const exited = once(child, 'exit')
  const next = async () => {
    const died = exited.then(() => {
      throw new Error('the server ended in the middle of the benchmark')
    })
    const [message] = await Promise.race([once(child, 'message'), died])
    return message
  }
  const asked = (message: string) => {
    const answer = next()
    child.send(message)
    return answer
  }
  const { address } = z.object({ address: z.string() }).parse(await next())
  return {
    address,
    pid: child.pid ?? -1,
    starting: (performance.now() - start) / 1000,
    restart: async () => void (await asked('restart')),
    read: async () => reading.parse(await asked('read')),
    stop: async () => {
      child.send('stop')
      await exited
    },
  }
}

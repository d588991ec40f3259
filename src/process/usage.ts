import { readFile } from 'node:fs/promises'

/** What a process and all that it started use now. */
interface Usage {
  /** Seconds of processor time since they started. */
  readonly seconds: number
  /** Bytes of memory that they hold. */
  readonly memory: number
}

/** How many ticks `/proc/<pid>/stat` counts in a second, on all systems in use (proc(5)). */
const ticksPerSecond = 100
/** Fields of that file behind the program's name, counted from 0: user and system time. */
const [userTime, systemTime] = [11, 12]

/** Of processes that have ended, or that the system says nothing about, nothing is counted. */
export async function usageOf(pid: number): Promise<Usage> {
  const [stat, status, children] = await Promise.all(
    ['stat', 'status', `task/${pid}/children`].map((name) =>
      readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => ''),
    ),
  )
  // The program's name is in parentheses and may hold anything.
  const fields = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[userTime] ?? 0) + Number(fields[systemTime] ?? 0)
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1] ?? 0)
  const started = (children ?? '').split(' ').filter(Boolean)
  const others = await Promise.all(started.map((child) => usageOf(Number(child))))
  return others.reduce(
    (sum, other) => ({ seconds: sum.seconds + other.seconds, memory: sum.memory + other.memory }),
    { seconds: ticks / ticksPerSecond, memory: kilobytes * 1024 },
  )
}

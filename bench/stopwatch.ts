import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Milliseconds between two looks at the clock. */
const resolution = 5

/**
 * Wall time, CPU time of all threads, and how well the main thread keeps up: how late its timers are, and how
 * long it computes from one timer to the next, which does not depend on what else the machine does.
 */
export class Stopwatch {
  readonly #delays = monitorEventLoopDelay({ resolution })
  #cpu = process.cpuUsage()
  #start = performance.now()
  #thread = process.threadCpuUsage()
  #longest = 0

  constructor() {
    this.#delays.enable()
    setInterval(() => this.#look(), resolution).unref()
  }

  restart(): void {
    this.#delays.reset()
    this.#cpu = process.cpuUsage()
    this.#start = performance.now()
    this.#thread = process.threadCpuUsage()
    this.#longest = 0
  }

  /** Seconds; milliseconds of the main thread; memory in bytes. */
  read() {
    const wall = (performance.now() - this.#start) / 1000
    const { user, system } = process.cpuUsage(this.#cpu)
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolution)
    return {
      wall,
      cpu: (user + system) / 1e6,
      main: { p99: late(this.#delays.percentile(99)), late: late(this.#delays.max), busy: this.#longest },
      peak: largestMemory(),
    }
  }

  #look(): void {
    const { user, system } = process.threadCpuUsage(this.#thread)
    this.#longest = Math.max(this.#longest, (user + system) / 1000)
    this.#thread = process.threadCpuUsage()
  }
}

/**
 * The most that this process ever had in memory (proc(5), `VmHWM`): what `getrusage` says may be its
 * parent's.
 */
function largestMemory(): number {
  return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}

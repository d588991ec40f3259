import type { RunOptions } from '../work/events.ts'

/** Does a step of a build and reports how long it took. */
export async function timed<T>(step: string, run: RunOptions, work: () => Promise<T>): Promise<T> {
  run.signal.throwIfAborted()
  const start = performance.now()
  const result = await work()
  run.onEvent({ kind: 'step', step, seconds: (performance.now() - start) / 1000 })
  return result
}

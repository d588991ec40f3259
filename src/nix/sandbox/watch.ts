import { usageOf } from '../../process/usage.ts'
import type { StoreSize } from './storeSize.ts'

/** Milliseconds between two looks at what a process uses. */
const interval = 250

/** What a process in the sandbox has used too much of. */
export type Excess = 'time' | 'memory' | 'space'

interface Watched {
  /** What it may write to. */
  readonly size: StoreSize
  /** Bytes that it may write. */
  readonly space: number
  /**
   * The process, as soon as it has started, and the seconds of processor time that it may use from now on.
   */
  readonly time: { readonly pid: () => number | undefined; readonly seconds: number }
}

/**
 * Looks at what a process uses, until the answered function is called. Calls `onExcess` once if that is too
 * much.
 */
export function watch({ size, space, time }: Watched, onExcess: (what: Excess) => void): () => void {
  let begun: number | undefined
  const tookTooLong = async (): Promise<boolean> => {
    const pid = time.pid()
    if (pid === undefined) return false
    const { seconds } = await usageOf(pid)
    begun ??= seconds
    return seconds - begun > time.seconds
  }
  let stopped = false
  let timer = setTimeout(() => void look(), interval)
  async function look(): Promise<void> {
    const excess = (await size.measure()) > space ? 'space' : (await tookTooLong()) ? 'time' : undefined
    if (stopped) return
    if (excess === undefined) timer = setTimeout(() => void look(), interval)
    else onExcess(excess)
  }
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

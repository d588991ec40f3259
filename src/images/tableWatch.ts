import type { Layerings } from '../layerTables/layering.ts'
import type { Logger } from '../logger.ts'
import type { Revision } from '../store/revision.ts'
import type { Layering } from '../layerTables/layering.ts'
import type { TableEffect } from './tableEffect.ts'

interface TableWatchOptions {
  readonly layerings: Pick<Layerings, 'lastUsed' | 'preview'>
  readonly measure: (
    revision: Revision,
    layering: Layering,
    mostImages: number,
    signal: AbortSignal,
  ) => Promise<TableEffect | undefined>
  /** Undefined: the revision has no table. */
  readonly onEffect: (effect: TableEffect | undefined) => void
  readonly logger: Logger
}

/** Milliseconds until the first measurement, and between two at least. */
const first = 15_000
const interval = 60_000
/** The pause is so many times as long as the measurement before it: a server has other work. */
const pauseFactor = 50
/** Images that are looked at, at most. */
const mostImages = 2_000

/** Measures from time to time what the layer table of the revision that was used last does for a storage. */
export class TableWatch {
  readonly #options: TableWatchOptions
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout
  #running: Promise<void> = Promise.resolve()

  constructor(options: TableWatchOptions) {
    this.#options = options
    this.#timer = this.#after(first)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  #after(milliseconds: number): NodeJS.Timeout {
    const run = () => {
      const start = performance.now()
      this.#running = this.#measure().finally(() => {
        const pause = Math.max(interval, pauseFactor * (performance.now() - start))
        if (!this.#stop.signal.aborted) this.#timer = this.#after(pause)
      })
    }
    return setTimeout(run, milliseconds).unref()
  }

  async #measure(): Promise<void> {
    const { layerings, measure, onEffect, logger } = this.#options
    const { signal } = this.#stop
    try {
      const revision = layerings.lastUsed
      if (!revision) return
      const layering = await layerings.preview(revision)
      onEffect(await measure(revision, layering, mostImages, signal))
    } catch (error) {
      if (!signal.aborted) logger.debug({ err: error }, 'what the layer table does was not measured')
    }
  }
}

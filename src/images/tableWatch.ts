import type { Layering, Layerings } from '../layerTables/layering.ts'
import type { Logger } from '../logger.ts'
import type { Revision } from '../store/revision.ts'
import { Repetition } from '../work/repetition.ts'
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
  readonly #repetition: Repetition

  constructor(options: TableWatchOptions) {
    this.#options = options
    this.#repetition = new Repetition(first, async (signal) => {
      const start = performance.now()
      await this.#measure(signal)
      return Math.max(interval, pauseFactor * (performance.now() - start))
    })
  }

  stop(): Promise<void> {
    return this.#repetition.stop()
  }

  async #measure(signal: AbortSignal): Promise<void> {
    const { layerings, measure, onEffect, logger } = this.#options
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

import type { Logger } from '../logger.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { recordKey, Records } from '../storage/records.ts'
import type { CollectionReport, Collector } from './collector.ts'
import { Repetition } from '../work/repetition.ts'
import { readStorageClock } from './storageClock.ts'

interface ScheduleOptions {
  readonly storage: Pick<Storage, 'records' | 'objects'>
  readonly collector: Pick<Collector, 'collect'>
  /** Seconds from one collection to the next. All servers together collect once in that time. */
  readonly interval: number
  readonly logger: Logger
  /** Called after every collection, with its report, or with undefined if it failed. */
  readonly onEnd: (report: CollectionReport | undefined) => void
}

/**
 * Collects at intervals. Only one of the servers on a storage does so each time, but two would do no harm.
 */
export class CollectionSchedule {
  readonly #options: ScheduleOptions
  readonly #repetition: Repetition

  constructor(options: ScheduleOptions) {
    this.#options = options
    // Servers that were started together do not collect together.
    const pause = options.interval * (0.5 + Math.random() / 2) * 1000
    this.#repetition = new Repetition(pause, async (signal) => {
      await this.#collect(signal)
      return pause
    })
  }

  /** Ends a running collection after the current deletion. */
  stop(): Promise<void> {
    return this.#repetition.stop()
  }

  async #collect(signal: AbortSignal): Promise<void> {
    const { storage, collector, logger, onEnd } = this.#options
    try {
      if (await this.#isTooSoon()) return
      await new Records(storage.records, layout.lastCollection).put([], {})
      const report = await collector.collect({ signal })
      logger.info({ found: report.found, deleted: report.deleted }, 'garbage collected')
      onEnd(report)
    } catch (error) {
      if (signal.aborted) return
      logger.error({ err: error }, 'the garbage collection failed; the next one goes on')
      onEnd(undefined)
    }
  }

  /** Whether another server has just collected. */
  async #isTooSoon(): Promise<boolean> {
    const { storage, interval } = this.#options
    const now = await readStorageClock(storage)
    for await (const object of storage.objects.list(layout.lastCollection.folder)) {
      if (object.key === recordKey(layout.lastCollection))
        return now() - object.modified < (interval * 1000) / 2
    }
    return false
  }
}

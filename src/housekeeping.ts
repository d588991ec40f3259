import type { Config } from './config/config.ts'
import { Collector, type CollectionReport } from './gc/collector.ts'
import { CollectionSchedule } from './gc/schedule.ts'
import type { Logger } from './logger.ts'
import { StoreCollector } from './nix/storeCollector.ts'
import type { BuildQueue } from './queue/buildQueue.ts'
import type { Storage } from './storage/interfaces.ts'

/** Seconds between two checks of the disk of the Nix store. */
const storeInterval = 60

interface HousekeepingParts {
  readonly storage: Storage
  readonly queue: Pick<BuildQueue<unknown, unknown>, 'runBetweenJobs'>
  readonly logger: Logger
  /** Called after each collection of the storage; without a report if it failed. */
  readonly onCollection: (report: CollectionReport | undefined) => void
}

/**
 * Starts what the server cleans up by itself: the storage (`NIXERY_GC_INTERVAL`) and the Nix store
 * (`NIXERY_STORE_GC`).
 */
export function startHousekeeping(
  { collection: { interval, retention }, storeGc }: Pick<Config, 'collection' | 'storeGc'>,
  { storage, queue, logger, onCollection }: HousekeepingParts,
): { stop(): Promise<void> } {
  const schedule =
    interval === undefined
      ? undefined
      : new CollectionSchedule({
          storage,
          collector: new Collector(storage, retention),
          interval,
          logger,
          onEnd: onCollection,
        })
  const timer =
    storeGc === undefined
      ? undefined
      : setInterval(watchStore(new StoreCollector(storeGc), queue, logger), storeInterval * 1000).unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await schedule?.stop()
    },
  }
}

function watchStore(store: StoreCollector, queue: HousekeepingParts['queue'], logger: Logger): () => void {
  let running = false
  const watch = async () => {
    const bytes = await store.due()
    if (bytes === 0) return
    logger.info(
      { bytes },
      'the disk of the Nix store is fuller than NIXERY_STORE_GC: Nix collects its garbage',
    )
    await queue.runBetweenJobs((signal) => store.collect(bytes, { signal, onEvent: () => undefined }))
  }
  return () => {
    if (running) return
    running = true
    watch()
      .catch((error: unknown) => logger.warn({ err: error }, 'the Nix store could not be collected'))
      .finally(() => (running = false))
  }
}

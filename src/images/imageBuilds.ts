import { randomUUID } from 'node:crypto'
import { BlobUnknown, ImageNotBuilt } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { BuildEvent, RunOptions } from '../work/events.ts'
import type { ImageKeys } from './imageKeys.ts'
import type { ImageMaker } from './imageMaker.ts'
import type { ImageRecords } from './imageRecords.ts'
import type { ImageOrder } from './inventory.ts'
import { logEvents } from './logEvents.ts'

interface ImageBuildsOptions {
  readonly keys: ImageKeys
  readonly maker: ImageMaker
  readonly records: ImageRecords
  readonly logger: Logger
}

/** The work of the build queue: makes and records images, and logs what happens. */
export class ImageBuilds {
  readonly #options: ImageBuildsOptions

  constructor(options: ImageBuildsOptions) {
    this.#options = options
  }

  /**
   * Makes and records the image of an order.
   * @returns its manifest
   * @throws ImageNotBuilt. Its cause is the signal's reason if the signal was aborted, and `BlobUnknown` if a
   * reused blob has been collected meanwhile.
   */
  async build(order: ImageOrder, { signal, onEvent: report }: RunOptions): Promise<Descriptor> {
    const { keys, maker, records, logger } = this.#options
    const build = randomUUID().slice(0, 8)
    const log = logger.child({ build, image: order.request.name })
    const logEvent = logEvents(log)
    const onEvent = (event: BuildEvent) => {
      report(event)
      logEvent(event)
    }
    const start = performance.now()
    log.info({ revision: order.revision.label, architecture: order.architecture }, 'build started')
    try {
      const { key, layering } = await keys.of(order)
      const image = await maker.make(order, layering, { signal, onEvent })
      const { descriptor } = image.manifest
      if (!(await records.save(key, image))) throw new BlobUnknown(descriptor.digest)
      const size = image.layers.reduce((sum, layer) => sum + layer.size, 0)
      log.info({ seconds: secondsSince(start), layers: image.layers.length, bytes: size }, 'build finished')
      return descriptor
    } catch (error) {
      // What was under way when the signal was aborted may have thrown anything.
      const cause: unknown = signal.aborted ? signal.reason : error
      const fault = cause instanceof Error ? cause.message : cause
      log.warn({ seconds: secondsSince(start), fault }, 'build failed')
      throw new ImageNotBuilt(build, cause)
    }
  }
}

function secondsSince(start: number): number {
  return Math.round(performance.now() - start) / 1000
}

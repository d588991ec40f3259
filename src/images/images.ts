import { randomUUID } from 'node:crypto'
import PQueue from 'p-queue'
import { LRUCache } from 'lru-cache'
import {
  AmbiguousPackage,
  DeadlineExceeded,
  EvaluationRefused,
  NixeryError,
  PackagesNotFound,
  QueueFull,
  StorageFailed,
  Stopping,
} from '../errors.ts'
import type { ImageRequest } from '../image/name.ts'
import type { Logger } from '../logger.ts'
import type { Architecture } from '../oci/platform.ts'
import type { BuildEvent, RunOptions } from '../work/events.ts'
import type { PackageSource } from '../sources/source.ts'
import type { Catalog } from './catalog.ts'
import type { PlatformImage, Tagged } from './manifestVariants.ts'
import type { Image } from './image.ts'
import type { ImageMaker } from './imageMaker.ts'
import type { ImageRecords } from './imageRecords.ts'
import type { ImageOrder } from './inventory.ts'
import { imageKey, type ImageIdentity } from './keys.ts'
import type { Layering, Layerings } from '../layerTables/layering.ts'
import { logEvents } from './logEvents.ts'
import { patient, SingleFlight } from '../work/singleFlight.ts'

export interface ImagesOptions {
  readonly source: PackageSource
  readonly maker: ImageMaker
  readonly records: ImageRecords
  readonly catalog: Catalog
  readonly logger: Logger
  /** What images are made for where the name leaves it open; the one for clients that cannot choose first. */
  readonly architectures: readonly [Architecture, ...Architecture[]]
  /** What images depend on beside the request and the revision. */
  readonly identity: Pick<ImageIdentity, 'environment' | 'codec'>
  readonly layerings: Pick<Layerings, 'choose'>
  /** Builds that run side by side, and builds that may wait. */
  readonly concurrency: number
  readonly queueLimit: number
  /** Seconds from a build's start to its end. */
  readonly deadline: number
}

/** Seconds after which a place in a full queue is likely. */
const retryAfter = 5
/** Times that an image is made when what it reuses is collected meanwhile. */
const attempts = 3
/** Refusals that are remembered. */
const rememberedRefusals = 10_000

/** What a revision of a package set answers to a request, now and for ever: it has no such package, or refuses it. */
type Refusal = PackagesNotFound | AmbiguousPackage | EvaluationRefused

/** What a name and a tag stand for: found where it is known, built where it is not. */
export class Images {
  readonly #options: ImagesOptions
  readonly #builds = new SingleFlight<Image>()
  readonly #refusals = new LRUCache<string, Refusal>({ max: rememberedRefusals })
  readonly #queue: PQueue
  readonly #stop = new AbortController()
  #stopping = false

  constructor(options: ImagesOptions) {
    this.#options = options
    this.#queue = new PQueue({ concurrency: options.concurrency })
  }

  /**
   * The image, for every platform that the name leaves open. A build that it starts goes on when nobody waits for it
   * any more; those who ask for the same image at the same time share one.
   * @throws any class of `errors.ts`
   */
  async get(request: ImageRequest, tag: string): Promise<Tagged> {
    const { source, architectures, catalog, logger } = this.#options
    const pinning = { signal: this.#stop.signal, onEvent: logEvents(logger.child({ tag })) }
    const revision = await source.pin(tag, pinning)
    const wanted = request.architecture ? [request.architecture] : architectures
    const results = await Promise.allSettled(
      wanted.map((architecture) => this.#image({ request, revision, architecture })),
    )
    const [first, ...others] = this.#present(request, wanted, results)
    if (!first) throw results.find((result) => result.status === 'rejected')?.reason
    // Lists may lack an image; who asks for it must not.
    catalog
      .note(request, tag)
      .catch((error: unknown) => logger.warn({ err: error }, 'an image was not listed'))
    return { platforms: [first, ...others], open: wanted.length > 1 }
  }

  /** A blob that an image names is not there: such images are not answered out of memory any more. */
  forget(digest: string): void {
    this.#options.records.forget(digest)
  }

  /** Does work in the place of a build, so that one build less runs beside it. It must end when the signal is aborted. */
  async betweenBuilds(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (!this.#stopping) await this.#queue.add(() => work(this.#stop.signal), { priority: 1 })
  }

  /**
   * Takes no new builds, waits for those that run, and ends them when the patience is over.
   * @param patience seconds
   */
  async stop(patience: number): Promise<void> {
    this.#stopping = true
    const limit = setTimeout(() => this.#stop.abort(new Stopping()), patience * 1000)
    await this.#queue.onIdle()
    clearTimeout(limit)
    this.#stop.abort(new Stopping())
  }

  /** Ends all builds now. */
  abandon(): void {
    this.#stopping = true
    this.#stop.abort(new Stopping())
  }

  /** Platforms that have all packages. @throws what went wrong on any, unless the platform just lacks a package */
  #present(
    request: ImageRequest,
    architectures: readonly Architecture[],
    results: readonly PromiseSettledResult<Image>[],
  ): readonly PlatformImage[] {
    return results.flatMap((result, index) => {
      const architecture = architectures[index]
      if (architecture === undefined) return []
      if (result.status === 'fulfilled')
        return [{ platform: { os: 'linux', architecture }, image: result.value }]
      if (!isRefusal(result.reason)) throw result.reason
      const why = result.reason.message
      this.#options.logger.info(
        { image: request.name, architecture, why },
        'the image is not for this platform',
      )
      return []
    })
  }

  async #image(order: ImageOrder): Promise<Image> {
    const { records, identity, layerings } = this.#options
    const layering = await layerings.choose(order.revision)
    const key = imageKey({ ...order, ...identity, layering: layering.identity })
    const known = await records.find(key)
    if (known) return known
    const refusal = this.#refusals.get(key)
    if (refusal) throw refusal
    return this.#builds.run(key, patient, () => this.#enqueue(key, order, layering))
  }

  async #enqueue(key: string, order: ImageOrder, layering: Layering): Promise<Image> {
    if (this.#stopping) throw new Stopping()
    if (this.#queue.pending >= this.#options.concurrency && this.#queue.size >= this.#options.queueLimit) {
      throw new QueueFull(retryAfter)
    }
    return this.#queue.add(() => this.#build(key, order, layering))
  }

  async #build(key: string, order: ImageOrder, layering: Layering): Promise<Image> {
    const { logger, maker, records, deadline } = this.#options
    const build = randomUUID().slice(0, 8)
    const log = logger.child({ build, image: order.request.name })
    const late = new AbortController()
    // Unlike that of `AbortSignal.timeout`, this timer can be cleared.
    const timer = setTimeout(() => late.abort(), deadline * 1000)
    const time = late.signal
    let wait: string | undefined
    let waitAtTheEnd: string | undefined
    // What is ended because of it tells then that it waits no more.
    time.addEventListener('abort', () => (waitAtTheEnd = wait), { once: true })
    const tell = logEvents(log)
    const onEvent = (event: BuildEvent) => {
      if (event.kind === 'wait') wait = event.what
      tell(event)
    }
    const run: RunOptions = { signal: AbortSignal.any([this.#stop.signal, time]), onEvent }
    const start = performance.now()
    log.info({ revision: order.revision.label, architecture: order.architecture }, 'build started')
    try {
      let image = await maker.make(order, layering, run)
      for (let attempt = 1; !(await records.save(key, image)); attempt++) {
        if (attempt === attempts) throw new StorageFailed('blobs of the image vanish while it is built')
        image = await maker.make(order, layering, run)
      }
      const size = image.layers.reduce((sum, layer) => sum + layer.size, 0)
      log.info({ seconds: secondsSince(start), layers: image.layers.length, bytes: size }, 'build finished')
      return image
    } catch (error) {
      const fault = this.#fault(error, time, waitAtTheEnd)
      if (fault instanceof NixeryError) fault.build = build
      if (isRefusal(fault)) this.#refusals.set(key, fault)
      log.warn(
        { seconds: secondsSince(start), fault: fault instanceof Error ? fault.message : fault },
        'build failed',
      )
      throw fault
    } finally {
      clearTimeout(timer)
    }
  }

  /** What ended the build: the clock and the server's stop come as aborts from whatever was under way. */
  #fault(error: unknown, time: AbortSignal, wait: string | undefined): unknown {
    if (this.#stop.signal.aborted) return new Stopping()
    if (!time.aborted) return error
    const why = wait === undefined ? '' : `; it was ${wait}`
    const message = `the image was not ready after ${this.#options.deadline} s (NIXERY_BUILD_DEADLINE)${why}`
    return new DeadlineExceeded(message, { cause: error })
  }
}

function isRefusal(error: unknown): error is Refusal {
  return (
    error instanceof PackagesNotFound ||
    error instanceof AmbiguousPackage ||
    error instanceof EvaluationRefused
  )
}

function secondsSince(start: number): number {
  return Math.round(performance.now() - start) / 1000
}

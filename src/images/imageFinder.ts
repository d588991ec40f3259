import { LRUCache } from 'lru-cache'
import {
  AmbiguousPackage,
  BlobUnknown,
  EvaluationRefused,
  ImageNotBuilt,
  PackagesNotFound,
  reasonOf,
  StorageFailed,
} from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Architecture } from '../oci/platform.ts'
import type { BuildQueue } from '../queue/buildQueue.ts'
import type { ImageKeys } from './imageKeys.ts'
import type { Image } from './imageMaker.ts'
import type { ImageRecords } from './imageRecords.ts'
import type { ImageOrder } from './inventory.ts'
import type { EvaluatedImage, PackageFacts } from './packageFacts.ts'

/** Decides about evaluated packages. @throws AccessDenied */
export type CheckEvaluated = (evaluated: EvaluatedImage, architecture: Architecture) => void

/** An image, and what it was evaluated to. */
export interface FoundImage {
  readonly image: Image
  readonly evaluated: EvaluatedImage
}

/** Most refusals in memory. */
const rememberedRefusals = 10_000

interface ImageFinderOptions {
  readonly keys: ImageKeys
  readonly records: ImageRecords
  readonly facts: Pick<PackageFacts, 'of'>
  readonly queue: Pick<BuildQueue<ImageOrder, Descriptor>, 'run'>
}

/** Finds the image of an order, or has it built. */
export class ImageFinder {
  readonly #options: ImageFinderOptions
  readonly #refusals = new LRUCache<string, ImageNotBuilt>({ max: rememberedRefusals })

  constructor(options: ImageFinderOptions) {
    this.#options = options
  }

  /**
   * Returns the image, leased. Callers who need the same image at the same time share one build.
   * @param client whose turn in the queue it is
   * @param check throws if the rules refuse the evaluated packages: before the build if they are known, else
   * after it
   * @throws QueueFull, Stopping; ImageNotBuilt if the build failed; BlobUnknown if a blob of the image
   * vanished after the build; StorageFailed
   */
  async find(order: ImageOrder, client?: string, check?: CheckEvaluated): Promise<FoundImage> {
    const before = await this.#factsOf(order, check)
    // What the rules refuse is not built, as far as its packages are known.
    if (before) check?.(before, order.architecture)
    // An image whose packages are not known any more is evaluated again, and so made again.
    const image = await this.#find(order, client, check !== undefined && !before)
    const after = before ?? (await this.#factsOf(order, check))
    const evaluated = after ?? { revision: order.revision.id, packages: [] }
    if (!before) check?.(evaluated, order.architecture)
    return { image, evaluated }
  }

  /** Where no rule looks at them, nobody waits for a storage that is away. */
  #factsOf(order: ImageOrder, check: CheckEvaluated | undefined): Promise<EvaluatedImage | undefined> {
    return this.#options.facts.of(order).catch((error: unknown) => {
      if (check || !(error instanceof StorageFailed)) throw error
      return undefined
    })
  }

  async #find(order: ImageOrder, client: string | undefined, again: boolean): Promise<Image> {
    const { keys, records, queue } = this.#options
    const { key } = await keys.of(order)
    const known = again ? undefined : await records.find(key)
    if (known) return known
    const refusal = this.#refusals.get(key)
    if (refusal) throw refusal
    const { digest } = await queue.run(key, order, client).catch((error: unknown) => {
      if (error instanceof ImageNotBuilt && isRefusal(error)) this.#refusals.set(key, error)
      throw error
    })
    const built = await records.find(key)
    if (!built) throw new BlobUnknown(digest)
    return built
  }
}

/** Whether the package set refuses the request. A revision of a package set always gives the same answer. */
export function isRefusal(error: unknown): boolean {
  const reason = reasonOf(error)
  return (
    reason instanceof PackagesNotFound ||
    reason instanceof AmbiguousPackage ||
    reason instanceof EvaluationRefused
  )
}

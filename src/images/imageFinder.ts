import { LRUCache } from 'lru-cache'
import {
  AmbiguousPackage,
  BlobUnknown,
  EvaluationRefused,
  ImageNotBuilt,
  PackagesNotFound,
  reasonOf,
} from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { BuildQueue } from '../queue/buildQueue.ts'
import type { ImageKeys } from './imageKeys.ts'
import type { Image } from './imageMaker.ts'
import type { ImageRecords } from './imageRecords.ts'
import type { ImageOrder } from './inventory.ts'

/** Most refusals in memory. */
const rememberedRefusals = 10_000

interface ImageFinderOptions {
  readonly keys: ImageKeys
  readonly records: ImageRecords
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
   * @throws QueueFull, Stopping; ImageNotBuilt if the build failed; BlobUnknown if a blob of the image
   * vanished after the build; StorageFailed
   */
  async find(order: ImageOrder, client?: string): Promise<Image> {
    const { keys, records, queue } = this.#options
    const { key } = await keys.of(order)
    const known = await records.find(key)
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

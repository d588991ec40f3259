import { UnknownTag } from '../errors.ts'
import type { ImageRequest } from '../image/name.ts'
import type { Logger } from '../logger.ts'
import type { Architecture, Platform } from '../oci/platform.ts'
import type { PackageSource } from '../sources/source.ts'
import type { Catalog } from './catalog.ts'
import { isRefusal, type CheckEvaluated, type FoundImage, type ImageFinder } from './imageFinder.ts'
import { logEvents } from './logEvents.ts'
import type { TaggedImage } from './manifestVariants.ts'

interface TagResolverOptions {
  readonly source: PackageSource
  /** Whether commits are served that are on no branch or tag of the source. */
  readonly servesOthers: boolean
  readonly finder: ImageFinder
  readonly catalog: Catalog
  readonly logger: Logger
  /** The platforms of names that do not name one. Clients that cannot choose get the first. */
  readonly architectures: readonly [Architecture, ...Architecture[]]
  /** Ends look-ups of tags when it is aborted. */
  readonly stopped: AbortSignal
}

/** The client that pulls a tag, and what it may have. */
export interface AskedBy {
  /** The platforms that may be answered. Absent: all. */
  readonly only?: readonly Architecture[] | undefined
  /** Whose turn in the queue it is. */
  readonly client?: string
  /** Decides again when the packages are evaluated. */
  readonly check?: CheckEvaluated | undefined
  /** Aborted when nobody waits for the answer any more. */
  readonly left?: AbortSignal
}

interface FoundPlatform extends FoundImage {
  readonly platform: Platform
}

/** Finds out what a name and a tag stand for. Unknown images are built. */
export class TagResolver {
  readonly #options: TagResolverOptions

  constructor(options: TagResolverOptions) {
    this.#options = options
  }

  /**
   * Returns the image for every platform that the name leaves open. The result does not include platforms
   * that lack a package.
   * @throws any class of `errors.ts`
   */
  async resolve(
    request: ImageRequest,
    tag: string,
    { only, client, check, left }: AskedBy = {},
  ): Promise<TaggedImage> {
    const { source, servesOthers, finder, architectures, stopped, logger } = this.#options
    const signal = left ? AbortSignal.any([stopped, left]) : stopped
    const pinning = { signal, onEvent: logEvents(logger.child({ tag })) }
    const revision = await source.pin(tag, pinning)
    if (!revision.trusted && !servesOthers) {
      throw new UnknownTag(
        `${revision.label} is on no branch or tag of the package set, and other commits are not served (NIXERY_COMMITS=none)`,
      )
    }
    const possible = request.architecture ? [request.architecture] : architectures
    const wanted = only ? possible.filter((one) => only.includes(one)) : possible
    const results = await Promise.allSettled(
      wanted.map((architecture) => finder.find({ request, revision, architecture }, client, check)),
    )
    const [first, ...others] = this.#present(request, wanted, results)
    if (!first) throw results.find((result) => result.status === 'rejected')?.reason
    this.#list(request, tag)
    const { evaluated } = first
    return { platforms: [first, ...others], open: wanted.length > 1, evaluated }
  }

  /** Platforms that have all packages. @throws any error except that a platform lacks a package */
  #present(
    request: ImageRequest,
    architectures: readonly Architecture[],
    results: readonly PromiseSettledResult<FoundImage>[],
  ): readonly FoundPlatform[] {
    return results.flatMap((result, index) => {
      const architecture = architectures[index]
      if (architecture === undefined) return []
      if (result.status === 'fulfilled') return [{ platform: { os: 'linux', architecture }, ...result.value }]
      if (!isRefusal(result.reason)) throw result.reason
      const why = result.reason.message
      this.#options.logger.info(
        { image: request.name, architecture, why },
        'the image is not for this platform',
      )
      return []
    })
  }

  /** If this fails, a list lacks the image. That is no reason to fail the pull. */
  #list(request: ImageRequest, tag: string): void {
    const { catalog, logger } = this.#options
    catalog
      .recordPull(request, tag)
      .catch((error: unknown) => logger.warn({ err: error }, 'an image was not listed'))
  }
}

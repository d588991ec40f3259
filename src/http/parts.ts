import type { Catalog } from '../images/catalog.ts'
import type { Forms } from '../images/manifestVariants.ts'
import type { Images } from '../images/images.ts'
import type { CollectionLeases } from '../gc/collectionLeases.ts'
import type { Logger } from '../logger.ts'
import type { BlobStore, OpensFiles, SignsUrls } from '../storage/interfaces.ts'
import type { ReadinessCheck } from './health.ts'
import type { Metrics } from './metrics.ts'
import type { SendBuffers } from './sendBuffers.ts'
import type { TransportEncoding } from './transportEncoding.ts'

/** What the HTTP face of the registry works with. */
export interface HttpParts {
  readonly images: Images
  readonly forms: Forms
  readonly catalog: Catalog
  readonly leases: Pick<CollectionLeases, 'lease' | 'recordBlobPull'>
  readonly blobs: BlobStore
  /** The files of blobs, where the storage has them on this machine, and what they are sent by. */
  readonly files: OpensFiles | undefined
  readonly sendBuffers: SendBuffers
  /** Where the storage lets clients download for themselves. */
  readonly urls: SignsUrls | undefined
  /** Where the nginx in front finds the files of the storage, if it sends the blobs. */
  readonly accelRedirect?: string | undefined
  readonly transportEncoding: TransportEncoding
  readonly logger: Logger
  readonly checks: readonly ReadinessCheck[]
  readonly metrics: Metrics
}

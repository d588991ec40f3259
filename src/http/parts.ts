import type { Images } from '../images/images.ts'
import type { Logger } from '../logger.ts'
import type { Audit } from './audit.ts'
import type { GateParts } from './gate.ts'
import type { ReadinessCheck } from './health.ts'
import type { Metrics } from './metrics.ts'
import type { SendBuffers } from './sendBuffers.ts'
import type { TlsPair } from './tlsFiles.ts'
import type { TransportEncoding } from './transportEncoding.ts'

/** What the HTTP server works with. */
export interface HttpParts {
  readonly images: Images
  /** Undefined: everybody may have everything. */
  readonly gate?: GateParts | undefined
  readonly sendBuffers: SendBuffers
  /** The path under which an nginx in front finds the storage's files, if nginx sends the blobs. */
  readonly accelRedirect?: string | undefined
  readonly transportEncoding: TransportEncoding
  readonly logger: Logger
  readonly checks: readonly ReadinessCheck[]
  readonly metrics: Metrics
  readonly audit: Audit
  /** Undefined: the server speaks plain HTTP. */
  readonly tls?: TlsPair | undefined
  /** Whether metrics and the details of checks are on another port. */
  readonly operatorPort: boolean
  /** Requests that an address may send in a minute. Undefined: any number. */
  readonly requestsPerMinute: number | undefined
  /** Addresses and networks of proxies whose `X-Forwarded-*` headers count. */
  readonly trustedProxies: readonly string[]
}

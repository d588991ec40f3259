import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Options } from './options.ts'

/** How often a request is sent before it counts as failed. The client waits longer each time. */
const maxAttempts = 4
/** Milliseconds to connect, and for which a connection may be silent. */
const connectionTimeout = 5_000
const socketTimeout = 30_000
/** Most connections at once. Each download that passes through the server uses one. */
const maxSockets = 1_000
/** A region that stores other than AWS accept. */
const anyRegion = 'us-east-1'

/** The official client, which finds credentials as all AWS programs do. */
export function createClient(options: S3Options): S3Client {
  return new S3Client({
    ...place(options, options.endpoint),
    maxAttempts,
    requestHandler: {
      connectionTimeout,
      socketTimeout,
      requestTimeout: socketTimeout,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets, keepAlive: true },
      httpsAgent: { maxSockets, keepAlive: true },
    },
  })
}

/** A client that only signs links. Clients may reach the store under another name than the server. */
export function createSigner(options: S3Options): S3Client {
  const endpoint = options.publicEndpoint ?? options.endpoint
  return new S3Client({ ...place(options, endpoint), responseChecksumValidation: 'WHEN_REQUIRED' })
}

function place(
  { region, endpoint: own, pathStyle }: S3Options,
  endpoint: string | undefined,
): S3ClientConfig {
  const chosen = region ?? (own === undefined ? undefined : anyRegion)
  return {
    ...(chosen === undefined ? {} : { region: chosen }),
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: pathStyle,
  }
}

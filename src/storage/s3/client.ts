import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Options } from './options.ts'

/** Times that a request is sent before it has failed; in between the client waits longer and longer. */
const maxAttempts = 4
/** Milliseconds to connect, and that a connection may be silent. */
const connectionTimeout = 5_000
const socketTimeout = 30_000
/** Connections at once: every download that passes through the server holds one. */
const maxSockets = 1_000
/** What stores that are not of AWS take for a region. */
const anyRegion = 'us-east-1'

/** The official client, which finds its credentials as all programs of AWS do. */
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

/** A client that signs links and sends nothing. Clients may know the store by another name than the server does. */
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

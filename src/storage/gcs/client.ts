import { IdempotencyStrategy, Storage as Client } from '@google-cloud/storage'
import type { GcsOptions } from './options.ts'

/** Times that a request is tried again, with growing pauses, and seconds for all of it. */
const maxRetries = 4
const totalTimeout = 60

/** The official client, which finds its credentials as all programs of Google do. */
export function createClient({ endpoint }: GcsOptions): Client {
  return new Client({
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint }),
    // Whatever is written here is the same the second time.
    retryOptions: { maxRetries, totalTimeout, idempotencyStrategy: IdempotencyStrategy.RetryAlways },
  })
}

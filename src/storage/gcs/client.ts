import { IdempotencyStrategy, Storage as Client } from '@google-cloud/storage'
import type { GcsOptions } from './options.ts'

/** Times that a request is tried again, with pauses of 1 s and then 1.5 times the one before, and seconds for all of it. */
const maxRetries = 3
const retryDelayMultiplier = 1.5
const totalTimeout = 60

/**
 * The official client, which finds its credentials as all programs of Google do, and an emulator by
 * `STORAGE_EMULATOR_HOST`.
 */
export function createClient({ endpoint }: GcsOptions): Client {
  // Whatever is written here is the same the second time.
  const idempotencyStrategy = IdempotencyStrategy.RetryAlways
  const client = new Client({
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint }),
    retryOptions: { maxRetries, retryDelayMultiplier, totalTimeout, idempotencyStrategy },
  })
  // It would leave the path out for an emulator, and no emulator knows that.
  client.baseUrl = `${client.apiEndpoint}/storage/v1`
  return client
}

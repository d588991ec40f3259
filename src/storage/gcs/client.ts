import { IdempotencyStrategy, Storage as Client } from '@google-cloud/storage'
import type { GcsOptions } from './options.ts'

/**
 * How often a request is repeated, with pauses of 1 s and then 1.5 times the one before, and the seconds for
 * all of it.
 */
const maxRetries = 3
const retryDelayMultiplier = 1.5
const totalTimeout = 60

/**
 * The official client. It finds credentials as all Google programs do, and an emulator by
 * `STORAGE_EMULATOR_HOST`.
 */
export function createClient({ endpoint }: GcsOptions): Client {
  // Every write can be repeated: it writes the same bytes.
  const idempotencyStrategy = IdempotencyStrategy.RetryAlways
  const client = new Client({
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint }),
    retryOptions: { maxRetries, retryDelayMultiplier, totalTimeout, idempotencyStrategy },
  })
  // For an emulator the client would leave out the path, which no emulator understands.
  client.baseUrl = `${client.apiEndpoint}/storage/v1`
  return client
}

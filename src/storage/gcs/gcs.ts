import { createBucketStorage } from '../bucket/storage.ts'
import type { Storage } from '../interfaces.ts'
import { assemble, type Closes } from '../../work/lifetime.ts'
import { GcsBucket } from './bucket.ts'
import { createClient } from './client.ts'
import { failed } from './faults.ts'
import { GcsLinks } from './links.ts'
import type { GcsOptions } from './options.ts'

/**
 * Storage in a bucket of Google Cloud Storage, which any number of servers may share. Checks once that the
 * bucket exists.
 * @param spool folder of this machine for blobs on their way to the bucket
 * @param linkLifetime seconds for which links are valid; undefined: no links
 * @throws StorageFailed
 */
export async function createGcsStorage(
  options: GcsOptions,
  spool: string,
  linkLifetime: number | undefined,
): Promise<Storage & Closes> {
  const client = createClient(options)
  // An account that may use a bucket's objects may not be allowed to look at the bucket itself.
  await client
    .bucket(options.bucket)
    .getFiles({ maxResults: 1, autoPaginate: false })
    .catch((error: unknown) => failed(`bucket ${options.bucket}`, error))
  const links = linkLifetime === undefined ? undefined : new GcsLinks(client, options, linkLifetime)
  // All clients of a process share their connections, and the library has nothing to close them with. Those
  // that are idle do not keep the process running.
  return assemble(() => createBucketStorage(new GcsBucket(client, options), spool, links))
}

import { BucketBlobs } from '../bucket/blobs.ts'
import { BucketObjects } from '../bucket/objects.ts'
import { BucketRecords } from '../bucket/records.ts'
import { Spool } from '../bucket/spool.ts'
import type { Storage } from '../interfaces.ts'
import { GcsBucket } from './bucket.ts'
import { createClient } from './client.ts'
import { failed } from './faults.ts'
import { GcsLinks } from './links.ts'
import type { GcsOptions } from './options.ts'

/**
 * Storage in a bucket of Google Cloud Storage, which any number of servers may share. Looks once whether the bucket is
 * there.
 * @param spool folder of this machine for blobs on their way there
 * @param linkLifetime seconds that links hold; undefined for none
 * @throws StorageFailed
 */
export async function createGcsStorage(
  options: GcsOptions,
  spool: string,
  linkLifetime: number | undefined,
): Promise<Storage> {
  const client = createClient(options)
  // Who may use the objects of a bucket may not always look at the bucket itself.
  await client
    .bucket(options.bucket)
    .getFiles({ maxResults: 1, autoPaginate: false })
    .catch((error: unknown) => failed(`bucket ${options.bucket}`, error))
  const bucket = new GcsBucket(client, options)
  return {
    blobs: new BucketBlobs(bucket, await Spool.open(spool)),
    records: new BucketRecords(bucket),
    objects: new BucketObjects(bucket),
    ...(linkLifetime === undefined ? {} : { urls: new GcsLinks(client, options, linkLifetime) }),
  }
}

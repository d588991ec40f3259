import type { SignsUrls, Storage } from '../interfaces.ts'
import { BucketBlobs } from './blobs.ts'
import type { Bucket } from './bucket.ts'
import { BucketObjects } from './objects.ts'
import { BucketRecords } from './records.ts'
import { Spool } from './spool.ts'

/**
 * Storage in a bucket, which any number of servers may share.
 * @param spool folder of this machine for blobs on their way to the bucket
 * @throws StorageFailed
 */
export async function createBucketStorage(
  bucket: Bucket,
  spool: string,
  urls: SignsUrls | undefined,
): Promise<Storage> {
  return {
    blobs: new BucketBlobs(bucket, await Spool.open(spool)),
    records: new BucketRecords(bucket),
    objects: new BucketObjects(bucket),
    urls,
  }
}

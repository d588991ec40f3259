import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { createBucketStorage } from '../bucket/storage.ts'
import type { Storage } from '../interfaces.ts'
import { assemble, type Closes } from '../../work/lifetime.ts'
import { S3Bucket } from './bucket.ts'
import { createClient, createSigner } from './client.ts'
import { failed } from './faults.ts'
import { S3Links } from './links.ts'
import type { S3Options } from './options.ts'

/**
 * Storage in a bucket of S3, which any number of servers may share. Checks once that the bucket exists.
 * @param spool folder of this machine for blobs on their way to the bucket
 * @param linkLifetime seconds for which links are valid; undefined: no links
 * @throws StorageFailed
 */
export async function createS3Storage(
  options: S3Options,
  spool: string,
  linkLifetime: number | undefined,
): Promise<Storage & Closes> {
  return assemble(async (stack) => {
    const client = stack.adopt(createClient(options), (one) => one.destroy())
    await client
      .send(new ListObjectsV2Command({ Bucket: options.bucket, Prefix: options.prefix, MaxKeys: 1 }))
      .catch((error: unknown) => failed(`bucket ${options.bucket}`, error))
    const links =
      linkLifetime === undefined ? undefined : new S3Links(createSigner(options), options, linkLifetime)
    return createBucketStorage(new S3Bucket(client, options), spool, links)
  })
}

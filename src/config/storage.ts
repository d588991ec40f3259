import { resolve } from 'node:path'
import { z } from 'zod'
import type { StorageConfig } from '../storage/createStorage.ts'
import { ConfigError } from './configError.ts'
import { group } from './group.ts'
import { text, url, yesOrNo } from './rules.ts'

/** A folder in a bucket, with or without slashes at its ends. */
const folder = z
  .string()
  .transform((value) => value.replace(/^\/+|\/+$/g, ''))
  .pipe(
    z.string().regex(/^$|^[\w=+-][\w.=+-]*(\/[\w=+-][\w.=+-]*)*$/, 'must be a folder such as nixery or a/b'),
  )

const variables = {
  NIXERY_STORAGE_BACKEND: z
    .enum(['filesystem', 's3', 'gcs'], "must be 'filesystem', 's3' or 'gcs'")
    .default('filesystem'),
  STORAGE_PATH: text.default('./var/storage'),
  NIXERY_STORAGE_MODE: z
    .string()
    .regex(/^0?7[0-7][0-7]$/, 'must be an octal mode that gives the server all rights, such as 0750')
    .transform((value) => Number.parseInt(value, 8))
    .optional(),
  S3_BUCKET: text.optional(),
  S3_ENDPOINT: url.optional(),
  S3_PUBLIC_ENDPOINT: url.optional(),
  S3_REGION: text.optional(),
  S3_PATH_STYLE: yesOrNo.optional(),
  S3_PREFIX: folder.default(''),
  S3_ENCRYPTION: z
    .enum(['AES256', 'aws:kms', 'aws:kms:dsse'], "must be 'AES256', 'aws:kms' or 'aws:kms:dsse'")
    .optional(),
  S3_KMS_KEY: text.optional(),
  GCS_BUCKET: text.optional(),
  GCS_PREFIX: folder.default(''),
} as const

/** Where images are kept. The clients of the clouds read credentials themselves. */
export const storage = group({
  variables,
  value: (given, { NIXERY_ACCEL_REDIRECT: nginx }): StorageConfig => {
    switch (given.NIXERY_STORAGE_BACKEND) {
      case 'filesystem':
        return {
          kind: 'filesystem',
          path: resolve(given.STORAGE_PATH),
          // An nginx that sends the blobs is another user.
          mode: given.NIXERY_STORAGE_MODE ?? (nginx === undefined ? 0o700 : 0o755),
        }
      case 's3':
        return s3(given)
      case 'gcs':
        return gcs(given)
    }
  },
})

type Given = z.infer<z.ZodObject<typeof variables>>

function s3(given: Given): StorageConfig {
  const options = {
    bucket: given.S3_BUCKET ?? missing('S3_BUCKET', 's3'),
    endpoint: given.S3_ENDPOINT,
    publicEndpoint: given.S3_PUBLIC_ENDPOINT,
    region: given.S3_REGION,
    // AWS puts the bucket into the host's name; few others have names for that.
    pathStyle: given.S3_PATH_STYLE ?? given.S3_ENDPOINT !== undefined,
    prefix: given.S3_PREFIX,
    encryption: given.S3_ENCRYPTION,
    kmsKey: given.S3_KMS_KEY,
  }
  return { kind: 's3', options }
}

function gcs({
  GCS_BUCKET: bucket = missing('GCS_BUCKET', 'gcs'),
  GCS_PREFIX: prefix,
}: Given): StorageConfig {
  return { kind: 'gcs', options: { bucket, prefix } }
}

function missing(name: string, backend: string): never {
  throw new ConfigError([
    `${name} is not set: NIXERY_STORAGE_BACKEND is '${backend}', and this says which bucket`,
  ])
}

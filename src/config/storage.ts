import { z } from 'zod'
import type { StorageConfig } from '../storage/createStorage.ts'
import { integer, text, url, yesOrNo } from './rules.ts'

/** The longest that a signed link may hold, in both clouds (seconds). */
const longestLink = 7 * 24 * 3600

/** A folder in a bucket, with or without slashes at its ends. */
const folder = z
  .string()
  .transform((value) => value.replace(/^\/+|\/+$/g, ''))
  .pipe(
    z.string().regex(/^$|^[\w=+-][\w.=+-]*(\/[\w=+-][\w.=+-]*)*$/, 'must be a folder such as nixery or a/b'),
  )

/** Variables that say where images are kept. Credentials are read by the clients of the clouds themselves. */
export const storageVariables = {
  NIXERY_STORAGE_BACKEND: z
    .enum(['filesystem', 's3', 'gcs'], "must be 'filesystem', 's3' or 'gcs'")
    .default('filesystem'),
  STORAGE_PATH: text.default('./var/storage'),
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
  NIXERY_ACCEL_REDIRECT: z
    .string()
    .regex(/^\/([\w.-]+\/)+$/, 'must be a path such as /nixery-blobs/')
    .optional(),
  NIXERY_DOWNLOADS: z.enum(['redirect', 'proxy'], "must be 'redirect' or 'proxy'").default('redirect'),
  NIXERY_LINK_TTL: integer(1, longestLink).default(900),
} as const

const group = z.object(storageVariables)
type StorageVariables = z.infer<typeof group>

/** Where images are kept, or what is missing to know it. */
export function storageOf(variables: StorageVariables): StorageConfig | string {
  const { NIXERY_ACCEL_REDIRECT: handOff, NIXERY_STORAGE_BACKEND: backend } = variables
  if (handOff !== undefined && backend !== 'filesystem') {
    return `NIXERY_ACCEL_REDIRECT is for files that nginx can read (NIXERY_STORAGE_BACKEND is '${backend}')`
  }
  switch (variables.NIXERY_STORAGE_BACKEND) {
    case 'filesystem':
      return { kind: 'filesystem', path: variables.STORAGE_PATH }
    case 's3':
      return variables.S3_BUCKET === undefined
        ? missing('S3_BUCKET', 's3')
        : s3(variables, variables.S3_BUCKET)
    case 'gcs':
      return variables.GCS_BUCKET === undefined
        ? missing('GCS_BUCKET', 'gcs')
        : { kind: 'gcs', options: { bucket: variables.GCS_BUCKET, prefix: variables.GCS_PREFIX } }
  }
}

function s3(variables: StorageVariables, bucket: string): StorageConfig {
  const options = {
    bucket,
    endpoint: variables.S3_ENDPOINT,
    publicEndpoint: variables.S3_PUBLIC_ENDPOINT,
    region: variables.S3_REGION,
    // AWS puts the bucket into the host's name; few others have names for that.
    pathStyle: variables.S3_PATH_STYLE ?? variables.S3_ENDPOINT !== undefined,
    prefix: variables.S3_PREFIX,
    encryption: variables.S3_ENCRYPTION,
    kmsKey: variables.S3_KMS_KEY,
  }
  return { kind: 's3', options }
}

function missing(name: string, backend: string): string {
  return `${name} is not set: NIXERY_STORAGE_BACKEND is '${backend}', and this says which bucket`
}

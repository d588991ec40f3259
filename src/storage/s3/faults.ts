import { StorageFailed } from '../../errors.ts'
import { codeOf } from '../../work/errno.ts'

const explanations: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no such bucket (S3_BUCKET, S3_ENDPOINT, S3_REGION)',
  AccessDenied: 'the credentials do not allow it',
  InvalidAccessKeyId: 'the access key is not known there',
  SignatureDoesNotMatch: 'the secret key is not that of the access key',
  ExpiredToken: 'the credentials have expired',
  CredentialsProviderError: 'there are no credentials (AWS_ACCESS_KEY_ID, a profile, a role)',
  PermanentRedirect: 'the bucket is in another region (S3_REGION)',
  SlowDown: 'S3 asks to slow down',
  ECONNREFUSED: 'nothing listens there (S3_ENDPOINT)',
  ENOTFOUND: 'its host is not known (S3_ENDPOINT)',
  TimeoutError: 'it does not answer in time',
}

/** Throws a StorageFailed that tells an operator what to do about a fault of S3. */
export function failed(what: string, cause: unknown): never {
  if (cause instanceof StorageFailed) throw cause
  const name = namesOf(cause).find((one) => one in explanations)
  const why = name === undefined ? String(cause) : explanations[name]
  throw new StorageFailed(`the storage does not work: S3, ${what}: ${why}`, { cause })
}

/** Answers to HEAD have no body, so their only name is `NotFound`. */
export function isMissing(error: unknown): boolean {
  return namesOf(error).some((name) => name === 'NoSuchKey' || name === 'NotFound')
}

/**
 * Whether a put with `If-None-Match` found an object, or another put of the same key at that moment (Amazon
 * S3, "conditional writes").
 */
export function isTaken(error: unknown): boolean {
  const conflicts = ['PreconditionFailed', 'ConditionalRequestConflict']
  return namesOf(error).some((name) => conflicts.includes(name))
}

/** Whether the store does not know a header of the request. */
export function isUnsupported(error: unknown): boolean {
  return namesOf(error).includes('NotImplemented')
}

function namesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return []
  const forbidden = statusOf(error) === 403 ? ['AccessDenied'] : []
  return [error.name, codeOf(error), ...forbidden]
}

function statusOf(error: Error): unknown {
  const metadata = '$metadata' in error ? error.$metadata : undefined
  return typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
    ? metadata.httpStatusCode
    : undefined
}

import { StorageFailed } from '../../errors.ts'
import { codeOf } from '../../work/errno.ts'

const explanations: Readonly<Record<string, string>> = {
  '401': 'the credentials are not valid (GOOGLE_APPLICATION_CREDENTIALS)',
  '403': 'the credentials do not allow it, or are not valid',
  '404': 'there is no such bucket (GCS_BUCKET)',
  '429': 'it asks to slow down',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its host is not known',
  ETIMEDOUT: 'it does not answer in time',
}

/** Throws a StorageFailed that tells an operator what to do about a fault of Google Cloud Storage. */
export function failed(what: string, cause: unknown): never {
  if (cause instanceof StorageFailed) throw cause
  const why = explanations[statusOf(cause)] ?? String(cause)
  throw new StorageFailed(`the storage does not work: Google Cloud Storage, ${what}: ${why}`, { cause })
}

export function isMissing(error: unknown): boolean {
  return statusOf(error) === '404' && !saysNoBucket(error)
}

/** Whether there was an object although the request demanded that there is none (`ifGenerationMatch=0`). */
export function isTaken(error: unknown): boolean {
  return statusOf(error) === '412'
}

/** A missing object and a missing bucket have the same status. Only the message tells them apart. */
function saysNoBucket(error: unknown): boolean {
  return error instanceof Error && /bucket does not exist/i.test(error.message)
}

/** The HTTP status, or the system's error code. A failed fetch has its reason only in its cause. */
function statusOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return codeOf(error) || statusOf(error.cause)
}

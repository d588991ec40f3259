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

/** Throws what went wrong with Google Cloud Storage in words an operator can act on. */
export function failed(what: string, cause: unknown): never {
  if (cause instanceof StorageFailed) throw cause
  const why = explanations[statusOf(cause)] ?? String(cause)
  throw new StorageFailed(`the storage does not work: Google Cloud Storage, ${what}: ${why}`, { cause })
}

export function isMissing(error: unknown): boolean {
  return statusOf(error) === '404' && !saysNoBucket(error)
}

/** The status is the same; only the sentence tells whether it is the object or the whole bucket that is missing. */
function saysNoBucket(error: unknown): boolean {
  return error instanceof Error && /bucket does not exist/i.test(error.message)
}

/** A status of HTTP, or the system's code: a fetch that fails says why in its cause alone. */
function statusOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return codeOf(error) || statusOf(error.cause)
}

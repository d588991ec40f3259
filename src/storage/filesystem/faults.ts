import { StorageFailed } from '../../errors.ts'
import { codeOf, isMissing } from '../../work/errno.ts'

const explanations: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'the server may not read or write there',
  EPERM: 'the server may not read or write there',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open',
}

/** Throws a StorageFailed that tells an operator what to do about a fault of the disk. */
export function failed(cause: unknown): never {
  if (cause instanceof StorageFailed) throw cause
  const why = explanations[codeOf(cause)] ?? (cause instanceof Error ? cause.message : String(cause))
  throw new StorageFailed(`the storage does not work: ${why}`, { cause })
}

/**
 * The promise's value, or undefined if the file does not exist or is a link that was not to be followed.
 * @throws StorageFailed for other errors
 */
export async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    return isMissing(error) || codeOf(error) === 'ELOOP' ? undefined : failed(error)
  }
}

import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { isMissing } from '../work/errno.ts'
import { AccessFileError } from './accessFileError.ts'
import type { AccessDescription, IssuerDescription } from './accessSchema.ts'
import { parseHtpasswd } from './htpasswd.ts'
import { parseAccessFile } from './parseAccessFile.ts'

/** Everything that an access file and the files that it names say. */
export interface Policy extends Pick<AccessDescription, 'anonymous' | 'default' | 'rules'> {
  /** Hashes of passwords by user. */
  readonly users: ReadonlyMap<string, string>
  /** Files are absolute. */
  readonly issuers: readonly IssuerDescription[]
  /** All files that were read. */
  readonly files: readonly string[]
}

/** Reads an access file. Paths in it are relative to its folder. @throws AccessFileError */
export async function readPolicy(path: string): Promise<Policy> {
  const description = parseAccessFile(await read(path), basename(path))
  const near = (file: string) => resolve(dirname(path), file)
  const htpasswd = description.users && near(description.users.htpasswd)
  const users = htpasswd === undefined ? new Map() : parseHtpasswd(await read(htpasswd), basename(htpasswd))
  const issuers = description.issuers.map((issuer) => {
    const { keys } = issuer
    return keys === undefined || /^https?:/.test(keys) ? issuer : { ...issuer, keys: near(keys) }
  })
  const keyFiles = issuers.flatMap(({ keys }) => (keys?.startsWith('/') ? [keys] : []))
  for (const file of keyFiles) await read(file)
  const { anonymous, rules } = description
  const files = [path, ...(htpasswd === undefined ? [] : [htpasswd]), ...keyFiles]
  return { anonymous, default: description.default, rules, users, issuers, files }
}

/** Changes if one of the files is written or replaced. */
export async function fingerprintOf(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ ino, size, mtimeMs, ctimeMs }) => `${ino}:${size}:${mtimeMs}:${ctimeMs}`,
        () => 'missing',
      ),
    ),
  )
  return parts.join()
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const why = isMissing(cause) ? 'there is no such file' : String(cause)
    throw new AccessFileError([`${path}: ${why}`])
  }
}
